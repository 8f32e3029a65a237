//! Plots: in characters for a terminal, and as a picture in SVG.
//!
//! Apart from the commands, since it knows nothing of prices, forecasts or plans: it draws the lines
//! that it is handed, on the scales that it is told. Numbers are floats here: a place on a picture
//! is no money.

mod chart;
pub(crate) mod file;
pub(crate) mod price;
mod svg;

pub(crate) use chart::chart;
pub(crate) use svg::svg;

/// All that is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    /// What it is of, for people.
    pub(crate) title: String,
    /// What lies along.
    pub(crate) x: Axis,
    /// What stands up.
    pub(crate) y: Axis,
    /// The lines; where they meet, the first is seen.
    pub(crate) lines: Vec<Line>,
    /// Places along that are worth a word.
    pub(crate) marks: Vec<Mark>,
}

/// One scale.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// How far apart numbers are.
    pub(crate) scale: Scale,
    /// How far it reaches, at the least: lines that go further make it longer.
    pub(crate) reach: Option<(f64, f64)>,
    /// A number of it, for people.
    pub(crate) shown: fn(f64) -> String,
}

/// How far apart numbers are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// By their difference.
    Even,
    /// By their ratio. What is not above zero has no place.
    Ratios,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// What it is, for people.
    pub(crate) name: String,
    /// Where it is, by rising `x`. A `y` without a place on the scale leaves a gap.
    pub(crate) points: Vec<(f64, f64)>,
    /// How it goes from one to the next.
    pub(crate) shape: Shape,
    /// Whether it stands behind the others.
    pub(crate) is_faint: bool,
}

/// How a line goes from a point to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It holds until the next one, the last one for ever.
    Steps,
    /// Straight.
    Straight,
    /// Not at all: there are only the points.
    Dots,
}

/// A place along.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) at: f64,
    /// What is there, for people.
    pub(crate) name: String,
}

impl Scale {
    /// Where a number stands, in the scale's own measure.
    fn place(self, number: f64) -> Option<f64> {
        let place = match self {
            Self::Even => number,
            Self::Ratios => number.ln(),
        };
        place.is_finite().then_some(place)
    }
}

impl Line {
    /// Where it stands, in the measures of two scales, above a place along.
    fn at(&self, x: f64, scales: (Scale, Scale)) -> Option<f64> {
        let after = self.points.partition_point(|point| point.0 <= x);
        let up = |place: usize| self.points.get(place).and_then(|point| scales.1.place(point.1));
        match self.shape {
            Shape::Dots => None,
            Shape::Steps => up(after.checked_sub(1)?),
            Shape::Straight if after == self.points.len() => {
                up(after.checked_sub(1)?).filter(|_| self.points[after - 1].0 == x)
            }
            Shape::Straight => {
                let before = after.checked_sub(1)?;
                let along = |place: usize| scales.0.place(self.points[place].0);
                let (from, to) = (along(before)?, along(after)?);
                let share = (scales.0.place(x)? - from) / (to - from);
                Some(up(before)? + (up(after)? - up(before)?) * share)
            }
        }
    }
}

/// What a picture reaches over, in numbers: the first and last along, the least and most up.
struct Frame {
    scales: (Scale, Scale),
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    /// Around all that is drawn; none if there is nothing.
    fn around(plot: &Plot) -> Option<Self> {
        let scales = (plot.x.scale, plot.y.scale);
        let points = || {
            let all = plot.lines.iter().flat_map(|line| line.points.iter().copied());
            let has_place = move |point: &(f64, f64)| {
                scales.0.place(point.0).is_some() && scales.1.place(point.1).is_some()
            };
            all.filter(has_place)
        };
        points().next()?;
        let reach = |of: fn((f64, f64)) -> f64, axis: &Axis| {
            let least = points().map(of).fold(f64::INFINITY, f64::min);
            let most = points().map(of).fold(f64::NEG_INFINITY, f64::max);
            let (from, to) = axis.reach.unwrap_or((least, most));
            (least.min(from), most.max(to))
        };
        Some(Self {
            scales,
            x: reach(|point| point.0, &plot.x),
            y: reach(|point| point.1, &plot.y),
        })
    }

    /// How far up a place of the scale is: 0 for the least, 1 for the most, one half if they are
    /// the same.
    fn height(&self, place: f64) -> f64 {
        share(self.scales.1, self.y, place).unwrap_or(0.5)
    }

    /// How far along a number lies: 0 for the first, 1 for the last.
    fn along(&self, x: f64) -> Option<f64> {
        Some(share(self.scales.0, self.x, self.scales.0.place(x)?).unwrap_or(0.0))
    }

    /// The number that lies so far along.
    fn number(&self, along: f64) -> f64 {
        let (from, to) = self.x;
        match (self.scales.0, self.scales.0.place(from), self.scales.0.place(to)) {
            // The ends are the numbers themselves, whatever a logarithm makes of them.
            _ if along <= 0.0 => from,
            _ if along >= 1.0 => to,
            (Scale::Ratios, Some(first), Some(last)) => (first + (last - first) * along).exp(),
            _ => from + (to - from) * along,
        }
    }
}

/// How far a place is from the first to the last of a reach; none if these are the same.
fn share(scale: Scale, (from, to): (f64, f64), place: f64) -> Option<f64> {
    let (from, to) = (scale.place(from)?, scale.place(to)?);
    (to > from).then(|| ((place - from) / (to - from)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: (Scale, Scale) = (Scale::Even, Scale::Even);

    fn line(shape: Shape, points: &[(f64, f64)]) -> Line {
        Line { name: "a".into(), points: points.to_vec(), shape, is_faint: false }
    }

    #[test]
    fn steps_hold_and_straight_lines_end() {
        let steps = line(Shape::Steps, &[(5.0, 3.0), (9.0, 0.0)]);
        assert_eq!(steps.at(4.0, EVEN), None);
        assert_eq!((steps.at(8.0, EVEN), steps.at(99.0, EVEN)), (Some(3.0), Some(0.0)));
        assert_eq!(steps.at(99.0, (Scale::Even, Scale::Ratios)), None, "nothing has no place");
        let straight = line(Shape::Straight, &[(1.0, 0.0), (4.0, 1.0)]);
        assert_eq!((straight.at(0.5, EVEN), straight.at(4.1, EVEN)), (None, None));
        assert_eq!(straight.at(4.0, EVEN), Some(1.0));
        let half = straight.at(2.0, (Scale::Ratios, Scale::Even)).unwrap();
        assert!((half - 0.5).abs() < 1e-12, "two is half way from one to four");
    }

    #[test]
    fn what_can_not_be_drawn_is_not() {
        let axis = |scale| Axis { scale, reach: None, shown: |_| String::new() };
        let plot = |scale, points: &[(f64, f64)]| Plot {
            title: "t".into(),
            x: axis(Scale::Even),
            y: axis(scale),
            lines: vec![line(Shape::Steps, points)],
            marks: Vec::new(),
        };
        assert!(Frame::around(&plot(Scale::Ratios, &[(1.0, 0.0)])).is_none());
        assert!(Frame::around(&plot(Scale::Even, &[(1.0, f64::NAN)])).is_none());
        let frame = Frame::around(&plot(Scale::Even, &[(1.0, 2.0), (3.0, 2.0)])).unwrap();
        assert_eq!((frame.along(2.0), frame.height(2.0)), (Some(0.5), 0.5));
    }
}
