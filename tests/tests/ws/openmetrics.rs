//! A strict reader of OpenMetrics text, written from its specification and knowing nothing of who
//! writes it: what it does not know is an error.

use std::collections::{BTreeMap, BTreeSet};

/// What a scrape said: each series, as `name{label="value"}` with labels in order, and its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scrape {
    /// By series.
    pub(crate) series: BTreeMap<String, f64>,
    /// The families, by name, with their kinds.
    pub(crate) families: BTreeMap<String, String>,
}

/// What a family's samples may be called, behind its name.
fn suffixes(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_sum", "_count"],
        "info" => &["_info"],
        _ => return None,
    })
}

impl Scrape {
    /// Reads a whole text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn read(text: &str) -> Result<Scrape, String> {
        let lines = text.strip_suffix("# EOF\n").ok_or("no EOF at the end")?;
        let mut scrape = Scrape::default();
        let mut family: Option<(String, String)> = None;
        let mut helped = BTreeSet::new();
        for line in lines.lines() {
            let wrong = |what: &str| format!("{what}: {line}");
            if let Some(about) = line.strip_prefix("# ") {
                let mut words = about.splitn(3, ' ');
                let (Some(kind), Some(name), Some(rest)) =
                    (words.next(), words.next(), words.next())
                else {
                    return Err(wrong("a comment"));
                };
                if !is_name(name) {
                    return Err(wrong("not a name"));
                }
                match kind {
                    "HELP" if !rest.is_empty() && helped.insert(name.to_owned()) => {}
                    "TYPE" if suffixes(rest).is_some() && helped.contains(name) => {
                        family = Some((name.to_owned(), rest.to_owned()));
                        let known = scrape.families.insert(name.to_owned(), rest.to_owned());
                        if known.is_some() {
                            return Err(wrong("a family twice"));
                        }
                    }
                    "UNIT" if name.ends_with(&format!("_{rest}")) => {}
                    _ => return Err(wrong("not HELP, TYPE or UNIT as it may be")),
                }
                continue;
            }
            let (name, kind) = family.as_ref().ok_or_else(|| wrong("no family"))?;
            let (series, value) = sample(line).ok_or_else(|| wrong("no sample"))?;
            let sampled = series.split('{').next().unwrap_or_default();
            let suffix = sampled.strip_prefix(name.as_str());
            let is_its = suffix
                .is_some_and(|it| suffixes(kind).is_some_and(|suffixes| suffixes.contains(&it)));
            if !is_its {
                return Err(wrong("not of its family"));
            }
            if scrape.series.insert(series, value).is_some() {
                return Err(wrong("a series twice"));
            }
        }
        scrape.check_histograms()?;
        Ok(scrape)
    }

    /// The value of a series.
    ///
    /// # Panics
    /// Where there is none.
    pub(crate) fn get(&self, series: &str) -> f64 {
        let value = self.series.get(series);
        *value.unwrap_or_else(|| panic!("no {series}"))
    }

    /// By how much each series moved since `before`; those that did not are left out.
    pub(crate) fn since(&self, before: &Scrape) -> BTreeMap<String, f64> {
        let moved = self.series.iter().map(|(series, now)| {
            let before = before.series.get(series).copied().unwrap_or_default();
            (series.clone(), now - before)
        });
        moved.filter(|(_, by)| *by != 0.0).collect()
    }

    /// Buckets grow, and the last has all.
    fn check_histograms(&self) -> Result<(), String> {
        let kinds = self.families.iter();
        for (name, _) in kinds.filter(|(_, kind)| *kind == "histogram") {
            let buckets = format!("{name}_bucket{{");
            let mut by_labels: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
            for (series, count) in &self.series {
                let Some(labels) = series.strip_prefix(&buckets) else {
                    continue;
                };
                let labels = labels.trim_end_matches('}').split(',');
                let (bound, others): (Vec<_>, Vec<_>) =
                    labels.partition(|label| label.starts_with("le="));
                let bound = bound.first().ok_or("a bucket without a bound")?;
                let bound = bound.trim_start_matches("le=").trim_matches('"');
                let bound: f64 = bound.parse().map_err(|_| format!("{series}: no bound"))?;
                by_labels
                    .entry(others.join(","))
                    .or_default()
                    .push((bound, *count));
            }
            for (labels, mut buckets) in by_labels {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                let counts = || buckets.iter().map(|it| it.1);
                let all = match labels.is_empty() {
                    true => format!("{name}_count"),
                    false => format!("{name}_count{{{labels}}}"),
                };
                let is_whole = buckets.last() == Some(&(f64::INFINITY, self.get(&all)));
                if !counts().is_sorted() || !is_whole {
                    return Err(format!("{all}: {buckets:?}"));
                }
            }
        }
        Ok(())
    }
}

/// A line's series, its labels in order, and its value.
fn sample(line: &str) -> Option<(String, f64)> {
    let (name, rest) = line.split_at(line.find(['{', ' '])?);
    if !is_name(name) {
        return None;
    }
    let (labels, value) = match rest.strip_prefix('{') {
        None => (BTreeMap::new(), rest),
        Some(rest) => labels(rest)?,
    };
    let value = value.strip_prefix(' ')?.parse().ok()?;
    if labels.is_empty() {
        return Some((name.to_owned(), value));
    }
    let labels: Vec<String> = labels
        .into_iter()
        .map(|(k, v)| format!("{k}=\"{v}\""))
        .collect();
    Some((format!("{name}{{{}}}", labels.join(",")), value))
}

/// Labels up to their brace, and what is behind it. Values keep their escapes.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        let (name, after) = rest.split_once("=\"")?;
        let mut end = 0;
        while !after[end..].starts_with('"') {
            end += if after[end..].starts_with('\\') { 2 } else { 1 };
            if !after.is_char_boundary(end) || end >= after.len() {
                return None;
            }
        }
        if !is_name(name)
            || labels
                .insert(name.to_owned(), after[..end].to_owned())
                .is_some()
        {
            return None;
        }
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some((labels, rest.strip_prefix('}')?)),
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_first = |it: char| it.is_ascii_alphabetic() || it == '_';
    name.starts_with(is_first) && name.chars().all(|it| is_first(it) || it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Scrape;

    #[test]
    fn a_text_is_read_and_a_wrong_one_is_not() {
        let head = "# HELP a_b Words\n# TYPE a_b counter\n";
        let good = format!("{head}a_b_total{{y=\"1\",x=\"\\\"\"}} 2\n# EOF\n");
        let scrape = Scrape::read(&good).expect("it is good");
        assert_eq!(scrape.get("a_b_total{x=\"\\\"\",y=\"1\"}"), 2.0);
        let histogram = |rest: &str| {
            format!("# HELP h H\n# TYPE h histogram\nh_sum 1\nh_count 2\n{rest}# EOF\n")
        };
        let ends = "h_bucket{le=\"+Inf\"} 2\n";
        assert!(Scrape::read(&histogram(&format!("h_bucket{{le=\"1.0\"}} 2\n{ends}"))).is_ok());
        for wrong in [
            format!("{head}a_b_total 1\n"),
            format!("{head}a_b 1\n# EOF\n"),
            format!("{head}a_b_total 1\na_b_total 1\n# EOF\n"),
            format!("{head}a_b_total x\n# EOF\n"),
            format!("{head}{head}# EOF\n"),
            format!("{head}a_b_total{{x=\"1\",x=\"1\"}} 1\n# EOF\n"),
            format!("{head}a_b_total{{x=\"1}} 1\n# EOF\n"),
            "a_b_total 1\n# EOF\n".to_owned(),
            "# TYPE a_b counter\n# EOF\n".to_owned(),
            histogram(&format!("h_bucket{{le=\"1.0\"}} 3\n{ends}")),
            histogram("h_bucket{le=\"1.0\"} 2\n"),
        ] {
            assert!(Scrape::read(&wrong).is_err(), "{wrong}");
        }
    }
}
