//! Picking a deployment: every rule with the dice in the test's hand.

use std::sync::Arc;
use std::time::Duration;

use lockgate_engine::deployment::Deployment;
use lockgate_engine::router::pick::{NoDeployment, pick};
use proptest::prelude::*;

use crate::support::{HOUR, cool, deployments};

fn picks(deployments: &[Arc<Deployment>], tried: &[usize], rolls: &[f64]) -> Vec<usize> {
    rolls
        .iter()
        .map(|&roll| pick(deployments, tried, || roll).unwrap())
        .collect()
}

#[test]
fn without_any_measure_all_are_alike() {
    let group = deployments(&["", "", "", ""]);
    let rolls = [0.0, 0.2499, 0.25, 0.5, 0.75, 0.9999];
    assert_eq!(picks(&group, &[], &rolls), [0, 0, 1, 2, 3, 3]);
}

#[test]
fn weight_rpm_and_tpm_are_shares() {
    for measure in ["weight", "rpm", "tpm"] {
        let group = deployments(&[&format!("{measure}: 1"), &format!("{measure}: 3")]);
        let rolls = [0.0, 0.2499, 0.25, 0.9999];
        assert_eq!(picks(&group, &[], &rolls), [0, 0, 1, 1], "{measure}");
    }
}

#[test]
fn weight_comes_before_rpm_and_rpm_before_tpm() {
    let group = deployments(&["weight: 1, rpm: 1, tpm: 1", "weight: 1, rpm: 99, tpm: 99"]);
    assert_eq!(picks(&group, &[], &[0.49, 0.51]), [0, 1]);
    let group = deployments(&["rpm: 1, tpm: 1", "rpm: 1, tpm: 99"]);
    assert_eq!(picks(&group, &[], &[0.49, 0.51]), [0, 1]);
}

#[test]
fn where_one_has_a_weight_those_without_get_nothing() {
    let group = deployments(&["rpm: 1000", "weight: 1", "weight: 0"]);
    assert_eq!(picks(&group, &[], &[0.0, 0.5, 0.9999]), [1, 1, 1]);
}

#[test]
fn weights_of_nothing_but_zero_decide_nothing() {
    let group = deployments(&["weight: 0, rpm: 1", "weight: 0, rpm: 3"]);
    assert_eq!(picks(&group, &[], &[0.2, 0.3]), [0, 1]);
}

#[test]
fn weights_count_among_the_candidates_only() {
    let group = deployments(&["weight: 98", "weight: 1", "weight: 1"]);
    assert_eq!(picks(&group, &[0], &[0.49, 0.5]), [1, 2]);
}

#[test]
fn the_lowest_order_is_asked_while_it_is_well() {
    // Without an order a deployment comes with the first.
    let group = deployments(&["order: 2", "order: 1", "", "order: 3"]);
    assert_eq!(picks(&group, &[], &[0.0, 0.5]), [1, 2]);
    assert_eq!(picks(&group, &[1], &[0.0, 0.9]), [2, 2]);
    assert_eq!(picks(&group, &[1, 2], &[0.0, 0.9]), [0, 0]);
    cool(&group[1], HOUR);
    cool(&group[2], HOUR);
    assert_eq!(picks(&group, &[], &[0.0, 0.9]), [0, 0]);
    assert_eq!(picks(&group, &[0], &[0.0, 0.9]), [3, 3]);
}

#[test]
fn when_all_were_tried_all_healthy_ones_are_asked_again() {
    let group = deployments(&["", "", ""]);
    cool(&group[0], HOUR);
    assert_eq!(picks(&group, &[1, 2], &[0.0, 0.5]), [1, 2]);
    assert_eq!(picks(&group, &[1], &[0.0, 0.9]), [2, 2]);
}

#[test]
fn when_all_cool_down_the_first_one_back_tells_the_time() {
    let group = deployments(&["", "", ""]);
    cool(&group[0], 3 * HOUR);
    cool(&group[1], HOUR);
    cool(&group[2], 2 * HOUR);
    let Err(NoDeployment::CoolingDown(left)) = pick(&group, &[], || 0.0) else {
        panic!("all are cooling down");
    };
    assert!(left <= HOUR && left > HOUR / 2, "{left:?}");
}

#[test]
fn a_full_deployment_is_passed_over() {
    let group = deployments(&["max_parallel_requests: 1", "max_parallel_requests: 2"]);
    group[0].health.enter();
    assert_eq!(picks(&group, &[], &[0.0, 0.9]), [1, 1]);
    group[1].health.enter();
    assert_eq!(picks(&group, &[], &[0.0, 0.9]), [1, 1]);
    group[1].health.enter();
    assert_eq!(pick(&group, &[], || 0.0), Err(NoDeployment::Saturated));
    group[0].health.leave();
    assert_eq!(picks(&group, &[], &[0.0, 0.9]), [0, 0]);
}

#[test]
fn one_full_and_one_cooling_is_a_matter_of_moments() {
    let group = deployments(&["max_parallel_requests: 1", ""]);
    group[0].health.enter();
    cool(&group[1], HOUR);
    assert_eq!(pick(&group, &[], || 0.0), Err(NoDeployment::Saturated));
}

#[test]
fn an_only_deployment_is_asked_again_unless_it_cannot_be() {
    let group = deployments(&["max_parallel_requests: 1"]);
    assert_eq!(pick(&group, &[0], || 0.9), Ok(0));
    group[0].health.enter();
    assert_eq!(pick(&group, &[], || 0.0), Err(NoDeployment::Saturated));
    group[0].health.leave();
    cool(&group[0], HOUR);
    assert!(matches!(
        pick(&group, &[], || 0.0),
        Err(NoDeployment::CoolingDown(left)) if left > Duration::ZERO
    ));
}

#[test]
fn a_group_of_nobody_has_nobody() {
    assert_eq!(pick(&[], &[], || 0.0), Err(NoDeployment::Saturated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_weight_of_zero_is_never_picked_beside_others(
        weights in prop::collection::vec(prop_oneof![Just(0.0), 0.1..9.0_f64], 2..5),
        roll in prop_oneof![0.0..1.0_f64, Just(1.0 - f64::EPSILON / 2.0)],
    ) {
        prop_assume!(weights.iter().any(|&weight| weight > 0.0));
        let params: Vec<String> = weights.iter().map(|w| format!("weight: {w}")).collect();
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        let picked = pick(&deployments(&params), &[], || roll).unwrap();
        prop_assert!(weights[picked] > 0.0, "{weights:?} {roll} {picked}");
    }
}
