//! The table of [`crate::growth`] as a picture: both axes by powers of ten.

#![allow(clippy::cast_precision_loss, reason = "a picture is no finer")]

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::growth::{Cost, Series};

const PANEL: (u32, u32) = (480, 320);

struct Line {
    name: &'static str,
    of: fn(&Cost) -> f64,
    colour: RGBColor,
}

const LINES: [Line; 4] = [
    Line {
        name: "one by one",
        of: |cost| cost.one_by_one,
        colour: RGBColor(180, 60, 40),
    },
    Line {
        name: "in batches",
        of: |cost| cost.batches,
        colour: RGBColor(30, 90, 170),
    },
    Line {
        name: "memory alone, in turn",
        of: |cost| cost.memory,
        colour: RGBColor(110, 110, 110),
    },
    Line {
        name: "memory alone, ahead",
        of: |cost| cost.memory_ahead,
        colour: RGBColor(170, 170, 170),
    },
];

/// Draws a panel for each of the series with its costs, as a file of SVG.
///
/// # Errors
/// The file's, or the drawing's.
pub fn draw(path: &Path, measured: &[(Series, Vec<Cost>)]) -> Result<(), Box<dyn Error>> {
    let rows = u32::try_from(measured.len().div_ceil(2))?;
    let size = (2 * PANEL.0, rows * PANEL.1);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    let panels = root.split_evenly((rows as usize, 2));
    for (panel, (series, costs)) in panels.iter().zip(measured) {
        let places: Vec<f64> = series
            .shapes
            .iter()
            .map(|shape| f64::from((series.of)(shape)))
            .collect();
        let ends = |places: &[f64]| places.first().copied().zip(places.last().copied());
        let (low, high) = ends(&places).ok_or("a series without a book")?;
        let mut chart = ChartBuilder::on(panel)
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(60)
            .build_cartesian_2d((low..high).log_scale(), (1.0..1_000.0).log_scale())?;
        chart
            .configure_mesh()
            .x_desc(series.what)
            .y_desc("ns a command")
            .x_label_formatter(&|place| short(*place))
            .y_label_formatter(&|nanoseconds| short(*nanoseconds))
            .light_line_style(WHITE)
            .draw()?;
        for Line { name, of, colour } in LINES {
            let points = places.iter().copied().zip(costs.iter().map(of));
            chart
                .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?
                .label(name)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
                });
            chart.draw_series(points.map(|point| Circle::new(point, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .border_style(BLACK)
            .background_style(WHITE)
            .draw()?;
    }
    root.present()?;
    Ok(())
}

/// A power of ten as people write it.
fn short(number: f64) -> String {
    match number {
        number if number >= 1e6 => format!("{}M", number / 1e6),
        number if number >= 1e3 => format!("{}k", number / 1e3),
        number => number.to_string(),
    }
}
