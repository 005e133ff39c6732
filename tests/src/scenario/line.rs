use std::fmt;

use engine::domain::{
    AccountId, AccountLimits, Amount, AssetId, ClientOrderId, IdempotencyKey, MarginRequest,
    Movement, Operation, OrderId, PairId, Party, Price, Quantity, Reserve, Revocation,
    SelfTradePrevention, Side, Special, TimeInForce, Timestamp, TokenId, TradingStatus, Transfer,
    UserName,
};
use engine::request::{OrderRef, PlaceRequest, RequestKind};

use super::margin::{self, Asked, Fund, Position};
use super::special::{self, Said};
use crate::world::World;

/// One request as a trader would write it down, and read it.
///
/// ```text
/// alice opens
/// alice deposits 1000 XRP              alice withdraws 10 XRP
/// alice buys 5 @ 100 [in GEM/XRP] [ioc|fok] [post-only] [cancel-maker|cancel-both|decrement] [as c1]
/// alice sells 5 at market …
/// alice amends #1 [@ 101] [to 7]       alice cancels c1
/// alice cancels all [in GEM/XRP] [buys|sells] [disconnected]
/// alice cancels all after 5000
/// GEM/XRP halts|resumes|winds-down|closes
/// alice buys 5 @ 100 leverage 10       alice sells 5 @ 100 reduce-only
/// alice closes long3 [as c1]           alice adds 10 to long3, takes 10 from long3
/// pool gets 1000 XRP                   fund gives 10 XRP
/// GEM/XRP index 100|lost
/// alice limited 600 0 70
/// operator revokes token 7 [until 5000], revokes user alice [up-to 5000], lifts alice
/// ```
///
/// An order may be `stop 95`, `profit 105`, `trailing 5`, `trailing 150 points`, `oco 95 [then 94]`,
/// each with or without `by-mark`, or `showing 2`; and `until 5000`. Without `in`, the first pair is meant. What an operator does may be `keyed 5`; any
/// line may end with `at time 1234`, in milliseconds.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    world: &'a World,
    kind: RequestKind,
    at: Option<Timestamp>,
}

impl<'a> Line<'a> {
    /// The line of a request.
    pub fn new(world: &'a World, kind: &RequestKind) -> Line<'a> {
        Line {
            world,
            kind: *kind,
            at: None,
        }
    }

    /// With its time.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Line<'a> {
        Line {
            at: Some(now),
            ..self
        }
    }

    /// Reads `time passes at time 1234`; `None` for any other line.
    pub fn parse_pause(text: &str) -> Result<Option<Timestamp>, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        match words[..] {
            ["time", "passes", "at", "time", at] => Ok(Some(Timestamp(number(at)?))),
            _ => Ok(None),
        }
    }

    /// Reads a line. The error says which word is not understood.
    pub fn parse(world: &World, text: &str) -> Result<(RequestKind, Option<Timestamp>), String> {
        let mut words = Words {
            world,
            words: text.split_whitespace().collect(),
        };
        let at = words.option(&["at", "time"])?.map(|time| number(&time));
        let at = at.transpose()?.map(Timestamp);
        let kind = words
            .request()
            .and_then(|kind| words.keyed(kind))
            .map_err(|what| format!("`{text}`: {what}"))?;
        if let Some(word) = words.words.first() {
            return Err(format!("`{text}`: `{word}` is not understood"));
        }
        Ok((kind, at))
    }
}

fn transfer(key: IdempotencyKey, party: Party, asset: AssetId, change: Movement) -> RequestKind {
    let transfer = Transfer {
        party,
        asset,
        change,
    };
    RequestKind::Transfer { key, transfer }
}

/// The words of a line that nobody has read yet.
struct Words<'a> {
    world: &'a World,
    words: Vec<&'a str>,
}

impl Words<'_> {
    fn request(&mut self) -> Result<RequestKind, String> {
        let subject = self.next()?;
        let verb = self.next()?;
        if subject == "operator" {
            return self.revocation(&verb).map(RequestKind::Revoke);
        }
        let status = match verb.as_str() {
            "halts" => Some(TradingStatus::Halted),
            "resumes" => Some(TradingStatus::Open),
            "winds-down" => Some(TradingStatus::CancelOnly),
            "closes" => Some(TradingStatus::Closed),
            _ => None,
        };
        if let Some(status) = status
            && let Ok(pair) = self.pair(&subject)
        {
            return Ok(RequestKind::SetTradingStatus { pair, status });
        }
        if verb == "index" {
            let pair = self.pair(&subject)?;
            let index = match self.next()?.as_str() {
                "lost" => None,
                ticks => Some(price(ticks)?),
            };
            return Ok(RequestKind::SetIndex { pair, index });
        }
        if let Some(reserve) = margin::fund(&subject) {
            return self.fund(reserve, &verb);
        }
        if verb == "opens" {
            let name = UserName::new(&subject).map_err(|what| what.to_string())?;
            return Ok(RequestKind::OpenAccount { name });
        }
        let account = self.account(&subject)?;
        match verb.as_str() {
            "deposits" | "withdraws" => self.cash(account, &verb),
            "limited" => self.limits(account),
            "buys" => self.place(account, Side::Buy),
            "sells" => self.place(account, Side::Sell),
            "amends" => {
                let order = order(&self.next()?)?;
                let price = self.option(&["@"])?.map(|it| price(&it)).transpose()?;
                let quantity = self.option(&["to"])?.map(|it| lots(&it)).transpose()?;
                Ok(RequestKind::Amend {
                    account,
                    order,
                    price,
                    quantity,
                })
            }
            "cancels" if self.flag("all") => self.cancel_all(account),
            "cancels" => {
                let order = order(&self.next()?)?;
                Ok(RequestKind::Cancel { account, order })
            }
            "closes" => {
                let position = margin::position(&self.next()?)?;
                let client_order_id = self.client_order_id()?;
                Ok(RequestKind::ClosePosition {
                    account,
                    position,
                    client_order_id,
                })
            }
            "adds" | "takes" => {
                let change = margin::movement(&verb, number(&self.next()?)?);
                let change = change.ok_or("the amount is too large")?;
                let towards = self.next()?;
                if towards != "to" && towards != "from" {
                    return Err(format!("`{towards}` is not understood"));
                }
                Ok(RequestKind::AdjustMargin {
                    account,
                    position: margin::position(&self.next()?)?,
                    change,
                })
            }
            verb => Err(format!("nobody {verb}")),
        }
    }

    fn cancel_all(&mut self, account: AccountId) -> Result<RequestKind, String> {
        if let Some(timeout) = self.option(&["after"])? {
            let timeout_ms = number(&timeout)?;
            return Ok(RequestKind::CancelAfter {
                account,
                timeout_ms,
            });
        }
        Ok(RequestKind::CancelAll {
            account,
            disconnected: self.flag("disconnected"),
            pair: match self.option(&["in"])? {
                Some(name) => Some(self.pair(&name)?),
                None => None,
            },
            side: match (self.flag("buys"), self.flag("sells")) {
                (true, _) => Some(Side::Buy),
                (_, true) => Some(Side::Sell),
                _ => None,
            },
        })
    }

    fn place(&mut self, account: AccountId, side: Side) -> Result<RequestKind, String> {
        let quantity = lots(&self.next()?)?;
        let limit = match self.option(&["@"])? {
            Some(limit) => Some(price(&limit)?),
            None if self.flag("at") && self.flag("market") => None,
            None => return Err("expected `@ PRICE` or `at market`".to_owned()),
        };
        let special = self.special()?;
        let expires_at = self.option(&["until"])?.map(|it| number(&it)).transpose()?;
        let pair = match self.option(&["in"])? {
            Some(name) => self.pair(&name)?,
            None => PairId(0),
        };
        let client_order_id = self.client_order_id()?;
        let margin = match (self.option(&["leverage"])?, self.flag("reduce-only")) {
            (Some(leverage), _) => MarginRequest::Leverage(margin::leverage(&leverage)?),
            (None, true) => MarginRequest::ReduceOnly,
            (None, false) => MarginRequest::None,
        };
        Ok(RequestKind::Place(PlaceRequest {
            account,
            pair,
            client_order_id,
            side,
            limit,
            quantity,
            time_in_force: match (self.flag("ioc"), self.flag("fok")) {
                (true, _) => TimeInForce::ImmediateOrCancel,
                (_, true) => TimeInForce::FillOrKill,
                _ => TimeInForce::GoodTillCancelled,
            },
            post_only: self.flag("post-only"),
            self_trade: if self.flag("cancel-maker") {
                SelfTradePrevention::CancelMaker
            } else if self.flag("cancel-both") {
                SelfTradePrevention::CancelBoth
            } else if self.flag("decrement") {
                SelfTradePrevention::Decrement
            } else {
                SelfTradePrevention::CancelTaker
            },
            special,
            expires_at: expires_at.map(Timestamp),
            margin,
        }))
    }

    fn client_order_id(&mut self) -> Result<Option<ClientOrderId>, String> {
        let named = self.option(&["as"])?;
        let named = named.map(|it| ClientOrderId::new(&it)).transpose();
        named.map_err(|what| what.to_string())
    }

    fn fund(&mut self, reserve: Reserve, verb: &str) -> Result<RequestKind, String> {
        let change = margin::movement(verb, number(&self.next()?)?);
        let change = change.ok_or("the amount is too large")?;
        let asset = self.asset()?;
        let party = Party::Reserve(reserve);
        Ok(match self.transfer_key()? {
            Some(key) => transfer(key, party, asset, change),
            None => RequestKind::FundReserve {
                reserve,
                asset,
                change,
            },
        })
    }

    fn transfer_key(&mut self) -> Result<Option<IdempotencyKey>, String> {
        let key = self.option(&["keyed"])?;
        let key = key.map(|key| key.parse().map_err(|_| format!("`{key}` is no key")));
        Ok(key.transpose()?.map(IdempotencyKey))
    }

    /// What the operator does, under a key where it has one.
    fn keyed(&mut self, kind: RequestKind) -> Result<RequestKind, String> {
        let Some(key) = self.transfer_key()? else {
            return Ok(kind);
        };
        let operation = match kind {
            RequestKind::OpenAccount { name } => Operation::OpenAccount { name },
            RequestKind::SetTradingStatus { pair, status } => {
                Operation::SetTradingStatus { pair, status }
            }
            RequestKind::SetAccountLimits { account, limits } => {
                Operation::SetAccountLimits { account, limits }
            }
            RequestKind::Revoke(revocation) => Operation::Revoke(revocation),
            _ => return Err("no key goes with it".to_owned()),
        };
        Ok(RequestKind::Operate { key, operation })
    }

    fn revocation(&mut self, verb: &str) -> Result<Revocation, String> {
        let user = |name: &str| UserName::new(name).map_err(|what| what.to_string());
        let what = self.next()?;
        match (verb, what.as_str()) {
            ("lifts", name) => Ok(Revocation::Lift { user: user(name)? }),
            ("revokes", "token") => {
                let token = TokenId(number(&self.next()?)?.into());
                let until = self.option(&["until"])?.map(|it| number(&it)).transpose()?;
                let expires_at = until.map(Timestamp);
                Ok(Revocation::Token { token, expires_at })
            }
            ("revokes", "user") => {
                let user = user(&self.next()?)?;
                let last = self.option(&["up-to"])?.map(|it| number(&it)).transpose()?;
                let issued_up_to = last.map(Timestamp);
                Ok(Revocation::User { user, issued_up_to })
            }
            (verb, _) => Err(format!("no operator {verb}")),
        }
    }

    fn limits(&mut self, account: AccountId) -> Result<RequestKind, String> {
        let mut numbers = [0; 3];
        for place in &mut numbers {
            let limit = self.next()?;
            let read = limit.parse().map_err(|_| format!("`{limit}` is no limit"));
            *place = read?;
        }
        let limits = AccountLimits::of_numbers(numbers);
        Ok(RequestKind::SetAccountLimits { account, limits })
    }

    fn asset(&mut self) -> Result<AssetId, String> {
        let asset = self.next()?;
        let known = self.world.assets.iter().position(|it| **it == asset);
        Ok(AssetId(id(known, &asset, "asset")?))
    }

    fn special(&mut self) -> Result<Special, String> {
        let by_mark = self.flag("by-mark");
        let in_points = self.flag("points");
        let mut words = ["stop", "profit", "trailing", "oco", "then", "showing"].into_iter();
        let mut found = [const { None }; 6];
        for (place, name) in found.iter_mut().zip(&mut words) {
            *place = self.option(&[name])?.map(|it| number(&it)).transpose()?;
        }
        special::read(found, in_points, by_mark)
    }

    fn cash(&mut self, account: AccountId, verb: &str) -> Result<RequestKind, String> {
        let amount = Amount::new(number(&self.next()?)?).ok_or("the amount is too large")?;
        let asset = self.asset()?;
        if let Some(key) = self.transfer_key()? {
            let change = match verb {
                "deposits" => Movement::In(amount),
                _ => Movement::Out(amount),
            };
            return Ok(transfer(key, Party::Account(account), asset, change));
        }
        Ok(match verb {
            "deposits" => RequestKind::Deposit {
                account,
                asset,
                amount,
            },
            _ => RequestKind::Withdraw {
                account,
                asset,
                amount,
            },
        })
    }

    fn account(&self, name: &str) -> Result<AccountId, String> {
        let known = self.world.users.iter().position(|it| *it == name);
        id(known, name, "user").map(|it| AccountId(u32::from(it)))
    }

    fn pair(&self, name: &str) -> Result<PairId, String> {
        let count = u16::try_from(self.world.config.pairs.len()).unwrap_or(u16::MAX);
        let known = (0..count).position(|it| self.world.pair(PairId(it)) == name);
        id(known, name, "pair").map(PairId)
    }

    fn next(&mut self) -> Result<String, String> {
        if self.words.is_empty() {
            return Err("the line ends too early".to_owned());
        }
        Ok(self.words.remove(0).to_owned())
    }

    /// Takes a word out, wherever it stands.
    fn flag(&mut self, name: &str) -> bool {
        let found = self.words.iter().position(|word| *word == name);
        found.map(|at| self.words.remove(at)).is_some()
    }

    /// Takes out the word behind `names`, and those.
    fn option(&mut self, names: &[&str]) -> Result<Option<String>, String> {
        let found = self.words.windows(names.len()).position(|it| it == names);
        let Some(at) = found else { return Ok(None) };
        let value = self.words.get(at + names.len());
        let value = value.ok_or_else(|| format!("something is missing behind `{}`", names[0]))?;
        let value = (*value).to_owned();
        self.words.drain(at..=at + names.len());
        Ok(Some(value))
    }
}

/// A number by name, or one that nobody has: `user9`.
fn id(known: Option<usize>, name: &str, prefix: &str) -> Result<u16, String> {
    let unknown = || name.strip_prefix(prefix)?.parse().ok();
    let known = known.and_then(|it| u16::try_from(it).ok());
    known
        .or_else(unknown)
        .ok_or_else(|| format!("`{name}` is no {prefix}"))
}

fn number(text: &str) -> Result<u64, String> {
    let number = text.parse::<u64>();
    number.map_err(|_| format!("`{text}` is no number"))
}

fn price(text: &str) -> Result<Price, String> {
    Price::from_u64(number(text)?).ok_or_else(|| format!("`{text}` is no price"))
}

fn lots(text: &str) -> Result<Quantity, String> {
    Quantity::new(number(text)?).ok_or_else(|| format!("`{text}` is no quantity"))
}

fn order(text: &str) -> Result<OrderRef, String> {
    match text.strip_prefix('#') {
        Some(digits) => Ok(OrderRef::Id(OrderId(number(digits)?))),
        None => ClientOrderId::new(text)
            .map(OrderRef::Client)
            .map_err(|what| what.to_string()),
    }
}

fn fmt_revocation(revocation: &Revocation, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match revocation {
        Revocation::Token { token, expires_at } => {
            write!(f, "operator revokes token {}", token.0)?;
            expires_at.map_or(Ok(()), |at| write!(f, " until {}", at.0))
        }
        Revocation::User { user, issued_up_to } => {
            write!(f, "operator revokes user {}", user.as_str())?;
            issued_up_to.map_or(Ok(()), |at| write!(f, " up-to {}", at.0))
        }
        Revocation::Lift { user } => write!(f, "operator lifts {}", user.as_str()),
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_request(f)?;
        self.at.map_or(Ok(()), |at| write!(f, " at time {}", at.0))
    }
}

impl Line<'_> {
    fn fmt_request(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.world;
        match self.kind {
            RequestKind::OpenAccount { name } => write!(f, "{} opens", name.as_str()),
            RequestKind::Deposit {
                account,
                asset,
                amount,
            } => {
                let (who, what) = (world.user(account), world.asset(asset));
                write!(f, "{who} deposits {} {what}", amount.units())
            }
            RequestKind::Withdraw {
                account,
                asset,
                amount,
            } => {
                let (who, what) = (world.user(account), world.asset(asset));
                write!(f, "{who} withdraws {} {what}", amount.units())
            }
            RequestKind::SetTradingStatus { pair, status } => {
                let verb = match status {
                    TradingStatus::Open => "resumes",
                    TradingStatus::Halted => "halts",
                    TradingStatus::CancelOnly => "winds-down",
                    TradingStatus::Closed => "closes",
                };
                write!(f, "{} {verb}", world.pair(pair))
            }
            RequestKind::Place(ref ask) => self.fmt_place(ask, f),
            RequestKind::Amend {
                account,
                order,
                price,
                quantity,
            } => {
                write!(f, "{} amends {}", world.user(account), Named(order))?;
                price.map_or(Ok(()), |price| write!(f, " @ {}", price.ticks()))?;
                quantity.map_or(Ok(()), |quantity| write!(f, " to {}", quantity.lots()))
            }
            RequestKind::Cancel { account, order } => {
                write!(f, "{} cancels {}", world.user(account), Named(order))
            }
            RequestKind::CancelAll {
                account,
                pair,
                side,
                disconnected,
            } => {
                write!(f, "{} cancels all", world.user(account))?;
                pair.map_or(Ok(()), |pair| write!(f, " in {}", world.pair(pair)))?;
                f.write_str(match side {
                    Some(Side::Buy) => " buys",
                    Some(Side::Sell) => " sells",
                    None => "",
                })?;
                f.write_str(if disconnected { " disconnected" } else { "" })
            }
            RequestKind::CancelAfter {
                account,
                timeout_ms,
            } => {
                write!(f, "{} cancels all after {timeout_ms}", world.user(account))
            }
            RequestKind::ClosePosition {
                account,
                position,
                client_order_id,
            } => {
                write!(f, "{} closes {}", world.user(account), Position(position))?;
                client_order_id.map_or(Ok(()), |name| write!(f, " as {}", name.as_str()))
            }
            RequestKind::AdjustMargin {
                account,
                position,
                change,
            } => {
                let (who, (verb, _)) = (world.user(account), margin::verbs(change));
                let towards = if verb == "adds" { "to" } else { "from" };
                let (units, position) = (change.amount().units(), Position(position));
                write!(f, "{who} {verb} {units} {towards} {position}")
            }
            RequestKind::FundReserve {
                reserve,
                asset,
                change,
            } => {
                let ((_, verb), fund) = (margin::verbs(change), Fund(reserve));
                write!(
                    f,
                    "{fund} {verb} {} {}",
                    change.amount().units(),
                    world.asset(asset)
                )
            }
            RequestKind::Transfer { key, transfer } => {
                let (units, what) = (
                    transfer.change.amount().units(),
                    world.asset(transfer.asset),
                );
                match (transfer.party, transfer.change) {
                    (Party::Account(account), Movement::In(_)) => {
                        write!(f, "{} deposits {units} {what}", world.user(account))?;
                    }
                    (Party::Account(account), Movement::Out(_)) => {
                        write!(f, "{} withdraws {units} {what}", world.user(account))?;
                    }
                    (Party::Reserve(reserve), change) => {
                        let ((_, verb), fund) = (margin::verbs(change), Fund(reserve));
                        write!(f, "{fund} {verb} {units} {what}")?;
                    }
                }
                write!(f, " keyed {}", key.0)
            }
            RequestKind::SetAccountLimits { account, limits } => {
                let [orders, cancels, messages] = limits.numbers();
                let who = world.user(account);
                write!(f, "{who} limited {orders} {cancels} {messages}")
            }
            RequestKind::Revoke(ref revocation) => fmt_revocation(revocation, f),
            RequestKind::Operate { key, operation } => {
                let kind = match operation {
                    Operation::SetTradingStatus { pair, status } => {
                        RequestKind::SetTradingStatus { pair, status }
                    }
                    Operation::SetAccountLimits { account, limits } => {
                        RequestKind::SetAccountLimits { account, limits }
                    }
                    Operation::OpenAccount { name } => RequestKind::OpenAccount { name },
                    Operation::Revoke(revocation) => RequestKind::Revoke(revocation),
                };
                Line::new(world, &kind).fmt_request(f)?;
                write!(f, " keyed {}", key.0)
            }
            RequestKind::SetIndex { pair, index } => {
                write!(f, "{} index ", world.pair(pair))?;
                match index {
                    Some(index) => write!(f, "{}", index.ticks()),
                    None => f.write_str("lost"),
                }
            }
        }
    }

    fn fmt_place(&self, ask: &PlaceRequest, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match ask.side {
            Side::Buy => "buys",
            Side::Sell => "sells",
        };
        write!(
            f,
            "{} {verb} {}",
            self.world.user(ask.account),
            ask.quantity.lots()
        )?;
        match ask.limit {
            Some(limit) => write!(f, " @ {}", limit.ticks())?,
            None => f.write_str(" at market")?,
        }
        write!(f, "{}{}", Said(&ask.special), Asked(ask.margin))?;
        if let Some(at) = ask.expires_at {
            write!(f, " until {}", at.0)?;
        }
        if ask.pair != PairId(0) {
            write!(f, " in {}", self.world.pair(ask.pair))?;
        }
        f.write_str(match ask.time_in_force {
            TimeInForce::GoodTillCancelled => "",
            TimeInForce::ImmediateOrCancel => " ioc",
            TimeInForce::FillOrKill => " fok",
        })?;
        f.write_str(if ask.post_only { " post-only" } else { "" })?;
        f.write_str(match ask.self_trade {
            SelfTradePrevention::CancelTaker => "",
            SelfTradePrevention::CancelMaker => " cancel-maker",
            SelfTradePrevention::CancelBoth => " cancel-both",
            SelfTradePrevention::Decrement => " decrement",
        })?;
        let named = ask.client_order_id;
        named.map_or(Ok(()), |name| write!(f, " as {}", name.as_str()))
    }
}

struct Named(OrderRef);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OrderRef::Id(id) => write!(f, "#{}", id.0),
            OrderRef::Client(name) => f.write_str(name.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Ask, Known};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn what_is_written_is_read_back() {
        let world = World::tight();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut ask = Ask::new();
        let known = Known::default();
        for _ in 0..5_000 {
            let (kind, now) = ask.random(&mut rng, &known);
            let line = Line::new(&world, &kind).at(now).to_string();
            assert_eq!(Line::parse(&world, &line), Ok((kind, Some(now))), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_which_word() {
        let world = World::tight();
        for (line, fault) in [
            ("alice", "the line ends too early"),
            ("alice sings", "nobody sings"),
            ("alice buys x @ 5", "`x` is no number"),
            ("alice buys 5 @ 0", "`0` is no price"),
            ("alice buys 5", "expected `@ PRICE` or `at market`"),
            ("mallory buys 5 @ 1", "`mallory` is no user"),
            ("alice buys 5 @ 1 quickly", "`quickly` is not understood"),
            ("alice amends #1 @", "something is missing behind `@`"),
        ] {
            let found = Line::parse(&world, line);
            assert_eq!(found, Err(format!("`{line}`: {fault}")));
        }
    }
}
