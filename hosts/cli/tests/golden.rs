//! Plans and forecasts as people see them: JSON in `golden/`, text beside it. `BLESS=1` rewrites the text; read the difference.

use modelwright_cli::format::{Forecast, Plan};
use modelwright_cli::show;
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(golden(name)).expect("the golden file is there")
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn check(name: &str, shown: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(golden(name), shown).expect("the golden file can be written");
    }
    assert_eq!(shown, read(name), "{name}: run with BLESS=1 and read the difference");
}

fn plan() -> Plan {
    serde_json::from_str(&read("plan.json")).expect("plan.json is a plan")
}

#[test]
fn a_plan_shows_every_kind_of_change() {
    let mut plan = plan();
    let findings = show::findings::report(&std::mem::take(&mut plan.diagnostics), &[]);
    check("plan.txt", &plain(&show::plan::text(&plan, &findings, show::plan::Hint::Next)));
}

#[test]
fn a_forecast_shows_its_rounds() {
    let forecast: Forecast = serde_json::from_str(&read("forecast.json")).expect("forecast.json is a forecast");
    check("forecast.txt", &plain(&show::forecast::text(&forecast, "")));
}

#[test]
fn danger_is_in_colour() {
    let shown = show::plan::text(&plan(), "", show::plan::Hint::Next);
    assert!(shown.contains("\u{1b}[1m\u{1b}[91m! LOSES DATA"), "{shown:?}");
}

#[test]
fn nothing_to_do_is_one_sentence() {
    let plan: Plan = serde_json::from_str(r#"{"summary":{"unchanged":9}}"#).expect("members may be missing");
    assert_eq!(
        plain(&show::plan::text(&plan, "", show::plan::Hint::Next)),
        "No changes: 9 objects are as they should be.\n\nNothing to do.\n"
    );
}

#[test]
fn a_new_object_does_not_fill_the_screen() {
    let mut plan = plan();
    let object = plan.objects.first_mut().expect("the plan has objects");
    for number in 0..100 {
        let change = format!(r#"{{"path":["spec","f{number}"],"text":"spec.f{number}","op":"add","after":{number}}}"#);
        object.changes.push(serde_json::from_str(&change).expect("this is a change"));
    }
    let shown = plain(&show::plan::text(&plan, "", show::plan::Hint::Next));
    assert!(shown.contains("(72 more new fields; `-o json` shows all)"), "{shown}");
}
