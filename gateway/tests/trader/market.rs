//! The market of the tests that run the gateway as a process of its own: assets, pairs, funds.

pub(crate) const ASSETS: [&str; 3] = ["XRP", "LUXURY001", "LUXURY002"];
pub(crate) const PAIRS: [&str; 2] = ["LUXURY001/XRP", "LUXURY002/XRP"];
/// What each user has of each asset, in millionths.
pub(crate) const FUNDS: i128 = 100_000_000 * ONE;
pub(crate) const ONE: i128 = 1_000_000;

/// Those sections of a configuration, with `users` who have all of it; `margin` is put behind each pair, and
/// `lending` behind each asset.
pub(crate) fn configuration(
    users: impl IntoIterator<Item = impl AsRef<str>>,
    margin: &str,
    lending: &str,
) -> String {
    let mut text = "[portfolio]\nvaluation_asset = \"XRP\"\n".to_owned();
    for asset in ASSETS {
        text +=
            &format!("[[assets]]\nsymbol = \"{asset}\"\nscale = 6\ndisplay_scale = 2\n{lending}");
    }
    for pair in PAIRS {
        let (base, quote) = pair.split_once('/').unwrap();
        text += &format!(
            "[[pairs]]\nbase = \"{base}\"\nquote = \"{quote}\"\ntick = \"0.01\"\nlot = \"0.01\"\n\
             min_amount = \"0.01\"\nmax_amount = \"1000000.00\"\nprice_band_bps = 5000\n\
             reference_price = \"1000.00\"\nmaker_fee_bps = 5\ntaker_fee_bps = 10\n{margin}"
        );
    }
    for user in users {
        let funds = FUNDS / ONE;
        let funds = ASSETS
            .map(|asset| format!("{asset} = \"{funds}\""))
            .join(", ");
        let user = user.as_ref();
        text += &format!("[[accounts]]\nuser = \"{user}\"\nbalances = {{ {funds} }}\n");
    }
    text
}
