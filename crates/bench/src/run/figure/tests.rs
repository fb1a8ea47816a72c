use anyhow::anyhow;

use super::{Figure, Goal};
use crate::run::stack::Side;

fn figure(goal: Goal, floor: &[f64], gateway: &[f64]) -> Figure {
    let mut figure = Figure::new("x", "us", goal);
    floor
        .iter()
        .for_each(|round| figure.add(Side::Floor, Ok(*round)));
    gateway
        .iter()
        .for_each(|round| figure.add(Side::Gateway, Ok(*round)));
    figure
}

#[test]
fn the_median_round_counts() {
    let figure = figure(Goal::Ratio(1.35), &[20.0, 100.0, 10.0], &[26.0, 27.0]);
    assert_eq!(figure.floor(), Some(20.0));
    assert_eq!(figure.gateway(), Some(26.5));
    assert_eq!(figure.ratio(), Some(1.325));
    assert_eq!(figure.verdict(), "met");
}

#[test]
fn a_goal_is_missed_by_a_hair() {
    assert_eq!(
        figure(Goal::Ratio(1.3), &[10.0], &[13.1]).verdict(),
        "**missed**"
    );
    assert_eq!(
        figure(Goal::AtMost(20.0), &[], &[20.1]).verdict(),
        "**missed**"
    );
    assert_eq!(
        figure(Goal::AtMost(20.0), &[99.0], &[20.0]).verdict(),
        "met"
    );
}

#[test]
fn one_failed_round_voids_the_figure() {
    let mut figure = figure(Goal::Ratio(9.0), &[10.0], &[10.0]);
    figure.add(Side::Gateway, Err(anyhow!("3 of 9 failed (HTTP 500)")));
    assert_eq!(figure.gateway(), None);
    assert_eq!(figure.ratio(), None);
    assert_eq!(figure.verdict(), "no result: 3 of 9 failed (HTTP 500)");
}

#[test]
fn nothing_measured_is_not_a_verdict() {
    assert_eq!(figure(Goal::Ratio(2.0), &[10.0], &[]).verdict(), "");
    // Added latencies can be zero or less on a noisy machine.
    assert_eq!(figure(Goal::Ratio(2.0), &[-1.0], &[5.0]).verdict(), "");
}
