//! How fast the core is: native, in the component, and beside "parse and serialise the same JSON". Criterion measures; the table goes to
//! the file that `MODELWRIGHT_BENCHMARKS` names. Ratios are of medians of one run, side by side: the clock of a shared machine is
//! noisy, fuel is not.

use criterion::{Criterion, SamplingMode};
use modelwright::contract;
use modelwright_embed::{Limits, Planner};
use modelwright_host_tests::artefacts::Artefact;
use modelwright_host_tests::crowd::{crowd, neighbours};
use modelwright_host_tests::timing::median;
use serde_json::Value;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

/// Models in a namespace that is planned as a whole, everything observed. 10,000 of them are 520 MB, twice what the contract takes.
const NAMESPACES: [usize; 4] = [1, 10, 100, 1_000];
/// Models beside one Endpoint that is reconciled: what a hook gets.
const NEIGHBOURS: [usize; 5] = [1, 10, 100, 1_000, 10_000];

fn main() {
    let component = Artefact::Precompiled.read().expect("`cargo xtask build` was run");
    let planner =
        Planner::from_precompiled(&component, Limits { input_bytes: 1 << 30, memory_bytes: 4 << 30, ..Limits::command_line() })
            .expect("the component loads");
    let mut criterion = Criterion::default().configure_from_args().sample_size(10).without_plots();
    let namespaces: Vec<Row> = NAMESPACES.iter().map(|models| plan(&mut criterion, &planner, *models)).collect();
    let neighbours: Vec<Row> = NEIGHBOURS.iter().map(|models| reconcile(&mut criterion, &planner, *models)).collect();
    let mut text = String::from(
        "## A plan of a whole namespace\n\nAs many Models as the first column says, a config for every five, an Endpoint for each config, \
         and all of their children as the API server would answer them, managedFields included; nothing is left to do.\n\n",
    );
    text.push_str(&table(&namespaces));
    text.push_str(
        "\n## One Endpoint, reconciled\n\nWhat a hook gets for one Endpoint in a namespace of as many Models: the Endpoint and its Gateway, the \
         Models, its config and routes.\n\n",
    );
    text.push_str(&table(&neighbours));
    text.push_str(&start(&planner));
    println!("\n{text}");
    if let Some(path) = std::env::var_os("MODELWRIGHT_BENCHMARKS") {
        std::fs::write(path, text).expect("the table can be written");
    }
}

/// What one namespace costs.
struct Row {
    models: usize,
    input: usize,
    json: Duration,
    native: Duration,
    component: Duration,
    fuel: u64,
    memory: usize,
}

fn plan(criterion: &mut Criterion, planner: &Planner, models: usize) -> Row {
    let request = crowd(models).expect("the crowd settles");
    measure(criterion, planner, &Case { name: "plan", operation: "plan", models, request })
}

fn reconcile(criterion: &mut Criterion, planner: &Planner, models: usize) -> Row {
    let request = neighbours(models).expect("the crowd settles");
    measure(criterion, planner, &Case { name: "one Endpoint", operation: "reconcile", models, request })
}

/// A call to measure.
struct Case {
    name: &'static str,
    operation: &'static str,
    models: usize,
    request: String,
}

fn measure(criterion: &mut Criterion, planner: &Planner, case: &Case) -> Row {
    let Case { name, operation, models, request } = case;
    let native = || contract::call(operation, request);
    let component = || planner.text(operation, request).expect("the component answers");
    let answer = component();
    assert!(answer.starts_with("{\"ok\":"), "{}", answer.chars().take(300).collect::<String>());
    assert_eq!(answer, native(), "the same bytes");
    let row = Row {
        models: *models,
        input: request.len(),
        json: median(runs(*models), || drop(black_box(parse_and_serialise(request)))),
        native: median(runs(*models), || drop(black_box(native()))),
        component: median(runs(*models), || drop(black_box(component()))),
        fuel: planner.fuel_used(),
        memory: planner.memory_used(),
    };
    if *models <= 100 {
        let mut group = criterion.benchmark_group(format!("{name}, {models} models"));
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function("json", |bencher| bencher.iter(|| parse_and_serialise(request)));
        group.bench_function("native", |bencher| bencher.iter(native));
        group.bench_function("component", |bencher| bencher.iter(component));
        group.finish();
    }
    row
}

fn parse_and_serialise(request: &str) -> String {
    serde_json::from_str::<Value>(request).expect("JSON").to_string()
}

/// As many runs as fit; the longest inputs run three times.
fn runs(models: usize) -> usize {
    if models >= 1_000 { 3 } else { 15 }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| models | input | parse + serialise | native | component | native / JSON | component / native | fuel | memory |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.2} | {:.2} | {:.1} M | {} MiB |",
            row.models,
            kilobytes(row.input),
            milliseconds(row.json),
            milliseconds(row.native),
            milliseconds(row.component),
            ratio(row.native, row.json),
            ratio(row.component, row.native),
            row.fuel as f64 / 1e6,
            row.memory >> 20,
        )
        .expect("text");
    }
    let (fixed, slope) = fit(rows);
    writeln!(
        text,
        "\nFuel grows linearly: {:.2} M + {:.3} M for each model (least squares over all rows).",
        fixed / 1e6,
        slope / 1e6
    )
    .expect("text");
    for row in rows.iter().filter(|row| row.models >= 100) {
        let expected = fixed + slope * row.models as f64;
        writeln!(text, "{} models are {:+.1} % off that line.", row.models, (row.fuel as f64 / expected - 1.0) * 100.0)
            .expect("text");
    }
    text
}

/// Least squares of fuel over models.
fn fit(rows: &[Row]) -> (f64, f64) {
    let count = rows.len() as f64;
    let mean = |value: &dyn Fn(&Row) -> f64| rows.iter().map(value).sum::<f64>() / count;
    let (x, y) = (mean(&|row| row.models as f64), mean(&|row| row.fuel as f64));
    let slope = rows.iter().map(|row| (row.models as f64 - x) * (row.fuel as f64 - y)).sum::<f64>()
        / rows.iter().map(|row| (row.models as f64 - x).powi(2)).sum::<f64>();
    (y - slope * x, slope)
}

/// What a call costs besides its work, and how long the command line takes to begin.
fn start(planner: &Planner) -> String {
    let instance = median(runs(1), || drop(black_box(planner.text("none", ""))));
    let native = median(runs(1), || drop(black_box(contract::call("none", ""))));
    let program = Artefact::CommandLine.path().expect("`cargo xtask build` was run");
    let run = |arguments: &[&str]| {
        let output = Command::new(&program).args(arguments).output().expect("the program runs");
        assert!(output.status.success());
    };
    let version = median(runs(1), || run(&["--version"]));
    let info = median(runs(1), || run(&["info"]));
    format!(
        "\n## Around a call\n\nA call that does nothing, in a fresh instance: {} µs above the {} µs of the native call.\n\n\
         `modelwright --version`: {}. `modelwright info`, which loads and calls the component: {}.\n",
        instance.saturating_sub(native).as_micros(),
        native.as_micros(),
        milliseconds(version),
        milliseconds(info),
    )
}

fn kilobytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
