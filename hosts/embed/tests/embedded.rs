//! The embedded component under its limits: every call ends, and the reason can be told.
#![cfg(feature = "embedded")]

use modelwright_embed::{HostError, Limits, Planner};

fn planner(limits: Limits) -> Planner {
    Planner::embedded(limits).expect("the component that the build embedded loads")
}

#[test]
fn the_component_says_what_it_is() {
    let info = planner(Limits::hook()).info().expect("info answers");
    assert!(info.starts_with('{') && info.ends_with('}'), "{info}");
    assert_eq!(Planner::embedded_sha256().len(), 64);
}

#[test]
fn malformed_input_is_a_failure_and_no_trap() {
    let answer = planner(Limits::hook()).plan("{").expect("the component answers");
    assert!(answer.is_err_and(|failure| !failure.diagnostics.is_empty()));
}

#[test]
fn the_same_call_uses_the_same_fuel() {
    let planner = planner(Limits::command_line());
    let fuel = || {
        let answer = planner.text("validate", "{}");
        assert!(answer.is_ok());
        planner.fuel_used()
    };
    let first = fuel();
    assert!(first > 0);
    assert_eq!(fuel(), first);
}

#[test]
fn too_much_input_is_refused_before_the_call() {
    let small = planner(Limits { input_bytes: 3, ..Limits::hook() });
    assert!(matches!(small.plan("1234"), Err(HostError::Input { bytes: 4, limit: 3 })));
}

#[test]
fn a_call_without_fuel_ends() {
    let poor = planner(Limits { fuel: 10, ..Limits::hook() });
    assert!(matches!(poor.plan("{}"), Err(HostError::Fuel)));
}

#[test]
fn a_call_beyond_its_memory_ends() {
    let cramped = planner(Limits { memory_bytes: 1 << 16, ..Limits::hook() });
    assert!(matches!(cramped.info(), Err(HostError::Memory)));
}

#[test]
fn one_planner_serves_many_threads() {
    let planner = planner(Limits::hook());
    let alone = planner.info();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(planner.info(), alone));
        }
    });
}

#[test]
fn in_a_pool_nothing_is_left_of_the_call_before() {
    let pool = Planner::embedded_pooled(Limits { fuel: 100_000_000, ..Limits::hook() }, 1).expect("there is room for one");
    let fresh = planner(Limits::hook());
    let large = format!("[{}1]", "1,".repeat(1 << 20));
    for _ in 0..3 {
        assert!(matches!(pool.plan(&large), Err(HostError::Fuel)), "it ends in the middle of its work");
        assert_eq!(pool.info(), fresh.info());
        assert_eq!(pool.fuel_used(), fresh.fuel_used());
        assert_eq!(pool.memory_used(), fresh.memory_used());
    }
}

#[test]
fn a_call_that_finds_no_room_in_the_pool_is_told_so_and_the_next_one_is_answered() {
    let pool = Planner::embedded_pooled(Limits::hook(), 1).expect("there is room for one");
    let fresh = planner(Limits::hook()).info();
    let long = format!("[{}1]", "1,".repeat(1 << 20));
    let found = (0..100).any(|_| {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| pool.plan(&long));
            let mut found = false;
            while !other.is_finished() {
                let answer = pool.info();
                assert!(answer == fresh || answer == Err(HostError::Busy), "{answer:?}");
                found |= answer == Err(HostError::Busy);
            }
            found
        })
    });
    assert!(found, "there was room for two");
    assert_eq!(pool.info(), fresh);
}

#[test]
fn bytes_that_are_no_component_are_refused() {
    assert!(matches!(Planner::from_precompiled(b"not a component", Limits::hook()), Err(HostError::Load(_))));
}
