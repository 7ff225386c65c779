//! Every scenario through every form of the core: a line each, and a summary. `BLESS=1` rewrites the expected answers.

use libtest_mimic::{Arguments, Failed, Trial};
use modelwright_host_tests::forms::{Answer, Form};
use modelwright_host_tests::library::Library;
use modelwright_host_tests::record::{difference, first_difference, record};
use modelwright_host_tests::request::{Request, requests};
use modelwright_host_tests::scenario;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials(arguments.list) {
        Ok((trials, bench)) => {
            let conclusion = libtest_mimic::run(&arguments, trials);
            if !arguments.list {
                print_known_bugs();
                print_times(&bench.forms);
            }
            conclusion.exit_code()
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// What all scenarios share.
struct Bench {
    forms: Vec<Timed>,
    library: Library,
    bless: bool,
}

/// A form, and how long it was asked for.
struct Timed {
    form: Form,
    nanoseconds: AtomicU64,
}

impl Timed {
    fn call(&self, operation: &str, request: &str) -> Result<String, String> {
        let start = Instant::now();
        let answer = self.form.call(operation, request);
        let time = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(time, Ordering::Relaxed);
        answer
    }
}

fn trials(only_names: bool) -> Result<(Vec<Trial>, Arc<Bench>), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let forms = if only_names { Vec::new() } else { Form::all()? };
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let forms = forms.into_iter().map(|form| Timed { form, nanoseconds: AtomicU64::new(0) }).collect();
    let bench = Arc::new(Bench { forms, library: Library::read(&root.join("worlds"))?, bless });
    let shared = Arc::clone(&bench);
    let trial = move |folder: PathBuf| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bench = Arc::clone(&bench);
        Trial::test(name, move || run(&folder, &bench).map_err(Failed::from))
    };
    Ok((scenario::folders()?.into_iter().map(trial).collect(), shared))
}

/// Those of several threads at once, added up.
fn print_times(forms: &[Timed]) {
    for Timed { form, nanoseconds } in forms {
        let time = Duration::from_nanos(nanoseconds.load(Ordering::Relaxed));
        println!("asked for {:.1} s: {}", time.as_secs_f64(), form.name());
    }
}

/// What expected answers record and should not.
fn print_known_bugs() {
    for folder in scenario::folders().unwrap_or_default() {
        let bug = scenario::read(&folder).map_or(String::new(), |scenario| scenario.bug);
        if !bug.is_empty() {
            println!("known to be wrong: {}: {bug}", folder.file_name().unwrap_or_default().display());
        }
    }
}

fn run(folder: &Path, bench: &Bench) -> Result<(), String> {
    let scenario = scenario::read(folder)?;
    let requests = requests(&scenario, &bench.library)?;
    let answers = requests.iter().map(|request| answer(request, &bench.forms)).collect::<Result<Vec<_>, _>>()?;
    let found = record(&answers, &scenario.select)?;
    let path = folder.join("expected.yaml");
    if bench.bless {
        return std::fs::write(&path, found).map_err(|error| format!("{}: {error}", path.display()));
    }
    let expected = std::fs::read_to_string(&path).map_err(|_| "there is no expected.yaml: `BLESS=1` writes it")?;
    match difference(&expected, &found) {
        same if same.is_empty() => Ok(()),
        different => Err(different),
    }
}

/// The answer of the first form, which must be everyone's.
fn answer(request: &Request, forms: &[Timed]) -> Result<(String, Answer), String> {
    let Request { case, operation, text } = request;
    let mut answers = Vec::new();
    for form in forms {
        let name = form.form.name();
        let answer = form.call(operation, text).map_err(|error| format!("{case} {name}: {error}"))?;
        answers.push((name, answer));
    }
    let (first, rest) = answers.split_first().ok_or("no form to ask")?;
    if let Some((form, other)) = rest.iter().find(|(_, other)| *other != first.1) {
        let (one, another) = first_difference(&first.1, other);
        return Err(format!("{case}: {} and {form} differ\n{}: {one}\n{form}: {another}", first.0, first.0));
    }
    Ok((case.clone(), Answer { operation: operation.clone(), text: first.1.clone() }))
}
