//! Figures as OpenMetrics text, which Prometheus reads.
//!
//! A scrape makes all of it anew out of what was read off the counters: there is no registry that
//! anything on the way of an order would have to look into.

use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::Reading;

/// What all names begin with.
pub const NAMESPACE: &str = "nexvestxr";
/// What the text is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// What only grows.
    Count(u64),
    /// What goes up and down.
    Whole(u64),
    /// The same, with decimals.
    Real(f64),
    /// Nanoseconds.
    Latencies(Reading),
    /// Numbers of things.
    Sizes(Reading),
    /// Words: the labels say all.
    Info,
}

/// What tells the figures of one family apart.
pub type Labels = Vec<(&'static str, String)>;

/// All figures of one name.
#[derive(Clone, Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    samples: Vec<(Labels, Value)>,
}

/// All families of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Exposition(Vec<Family>);

impl Exposition {
    /// Adds a family of figures of the same kind, told apart by their labels.
    pub fn add(
        &mut self,
        name: &'static str,
        unit: Option<Unit>,
        help: &'static str,
        samples: Vec<(Labels, Value)>,
    ) {
        self.0.push(Family {
            name,
            help,
            unit,
            samples,
        });
    }

    /// Adds a family of one figure.
    pub fn one(&mut self, name: &'static str, unit: Option<Unit>, help: &'static str, it: Value) {
        self.add(name, unit, help, vec![(Vec::new(), it)]);
    }

    /// The text.
    pub fn encode(self) -> String {
        let mut registry = Registry::with_prefix(NAMESPACE);
        registry.register_collector(Box::new(self));
        let mut out = String::with_capacity(32 * 1024);
        text::encode(&mut out, &registry).expect("a String takes all that is written to it");
        out
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        for family in &self.0 {
            let Some((_, first)) = family.samples.first() else {
                continue;
            };
            let Family {
                name, help, unit, ..
            } = family;
            let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), kind(first))?;
            for (labels, value) in &family.samples {
                match (labels.is_empty(), value) {
                    (_, Value::Info) => metric.encode_info(labels)?,
                    (true, _) => write(&mut metric, value)?,
                    (false, _) => write(&mut metric.encode_family(labels)?, value)?,
                }
            }
        }
        Ok(())
    }
}

fn kind(value: &Value) -> MetricType {
    match value {
        Value::Count(_) => MetricType::Counter,
        Value::Whole(_) | Value::Real(_) => MetricType::Gauge,
        Value::Latencies(_) | Value::Sizes(_) => MetricType::Histogram,
        Value::Info => MetricType::Info,
    }
}

fn write(metric: &mut MetricEncoder<'_>, value: &Value) -> std::fmt::Result {
    match value {
        Value::Count(count) => {
            let no_example: Option<&Exemplar<NoLabelSet, u64>> = None;
            metric.encode_counter(count, no_example)
        }
        Value::Whole(whole) => metric.encode_gauge(whole),
        Value::Real(real) => metric.encode_gauge(real),
        Value::Latencies(reading) => {
            histogram(metric, reading, |it| Duration::from_nanos(it).as_secs_f64())
        }
        // Far below what a float holds exactly.
        Value::Sizes(reading) => histogram(metric, reading, |it| it as f64),
        Value::Info => Ok(()),
    }
}

fn histogram(
    metric: &mut MetricEncoder<'_>,
    reading: &Reading,
    in_unit: impl Fn(u64) -> f64,
) -> std::fmt::Result {
    let bounded = reading.buckets.iter();
    let bounded = bounded.map(|(bound, count)| (in_unit(*bound), *count));
    let buckets: Vec<(f64, u64)> = bounded.chain([(f64::INFINITY, reading.above)]).collect();
    metric.encode_histogram::<NoLabelSet>(in_unit(reading.sum), reading.count(), &buckets, None)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::Histogram;
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let mut all = Exposition::default();
        let sizes = Histogram::new(&[1, 8]);
        let latencies = Histogram::new(&[1_000, 1_000_000_000]);
        sizes.record(8);
        sizes.record(9);
        latencies.record(2_500_000);
        all.one("trades_printed", None, "Trades", Value::Count(3));
        let labelled = vec![(vec![("reason", "A \"b\"\n".to_owned())], Value::Count(1))];
        all.add("requests_refused", None, "Refused", labelled);
        all.one("sent", Some(Unit::Bytes), "Sent", Value::Count(7));
        all.one("age", Some(Unit::Seconds), "Age", Value::Real(1.5));
        all.one("batch", None, "Batch", Value::Sizes(sizes.read()));
        let took = Value::Latencies(latencies.read());
        all.one("took", Some(Unit::Seconds), "Took", took);
        all.add("none", None, "Without figures", Vec::new());
        let version = vec![("version", "1".to_owned())];
        all.add("build", None, "Build", vec![(version, Value::Info)]);
        expect![[r##"
            # HELP nexvestxr_trades_printed Trades
            # TYPE nexvestxr_trades_printed counter
            nexvestxr_trades_printed_total 3
            # HELP nexvestxr_requests_refused Refused
            # TYPE nexvestxr_requests_refused counter
            nexvestxr_requests_refused_total{reason="A \"b\"\n"} 1
            # HELP nexvestxr_sent_bytes Sent
            # TYPE nexvestxr_sent_bytes counter
            # UNIT nexvestxr_sent_bytes bytes
            nexvestxr_sent_bytes_total 7
            # HELP nexvestxr_age_seconds Age
            # TYPE nexvestxr_age_seconds gauge
            # UNIT nexvestxr_age_seconds seconds
            nexvestxr_age_seconds 1.5
            # HELP nexvestxr_batch Batch
            # TYPE nexvestxr_batch histogram
            nexvestxr_batch_sum 17.0
            nexvestxr_batch_count 2
            nexvestxr_batch_bucket{le="1.0"} 0
            nexvestxr_batch_bucket{le="8.0"} 1
            nexvestxr_batch_bucket{le="+Inf"} 2
            # HELP nexvestxr_took_seconds Took
            # TYPE nexvestxr_took_seconds histogram
            # UNIT nexvestxr_took_seconds seconds
            nexvestxr_took_seconds_sum 0.0025
            nexvestxr_took_seconds_count 1
            nexvestxr_took_seconds_bucket{le="0.000001"} 0
            nexvestxr_took_seconds_bucket{le="1.0"} 1
            nexvestxr_took_seconds_bucket{le="+Inf"} 1
            # HELP nexvestxr_build Build
            # TYPE nexvestxr_build info
            nexvestxr_build_info{version="1"} 1
            # EOF
        "##]]
        .assert_eq(&all.encode());
    }
}
