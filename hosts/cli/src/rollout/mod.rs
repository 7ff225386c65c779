//! A roll-out: observe, plan, carry out what is not held back, and again, until nothing is left to do or nothing more can happen.
//!
//! Decisions are the component's: which requests, in which order, what waits for what. Here is only when they are sent: what takes
//! something away from a fresh observation ([`round`]), all of it under a Lease for each namespace, at most so many deletes.

pub mod confirm;
pub mod interrupt;
pub mod progress;
pub mod rehearsal;
pub mod round;
pub mod saved;
pub mod work;

use crate::arguments::Watch;
use crate::cluster::observe::Observed;
use crate::cluster::{Cluster, Trouble, lease};
use crate::commands::request::{self, Input, Session};
use crate::console::Console;
use crate::findings::Finding;
use crate::format::{self, Waiting, object_name};
use crate::read::documents::Reference;
use crate::stop::{DIFFERS, FINE, INTERRUPTED, INVALID, Stop, UNFINISHED};
use crate::{component, show};
use futures::stream::{self, StreamExt};
use interrupt::Interrupt;
use jiff::Timestamp;
use modelwright_embed::Planner;
use progress::Progress;
use round::{Fate, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use work::{Action, Status, Work};

/// How often the screen is drawn and an interrupt is looked for.
pub const TICK: Duration = Duration::from_millis(100);
/// The first pause while something is waited for; each one after it is half as long again.
const PAUSE: Duration = Duration::from_millis(400);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(5);
/// Statuses that are written at once.
const AT_ONCE: usize = 16;
/// Actions of a first round whose later rounds are still shown: more of them nobody reads, and they take as long as the round itself.
const FORESEEN: usize = 200;
/// The gate of routes that wait for pods.
const TRAFFIC: &str = "traffic";
/// How often the same action may meet a changed world.
const SURPRISES: usize = 8;

/// What is rolled out, and how.
pub struct Rollout<'a> {
    /// The API server.
    pub session: &'a Session,
    /// The component.
    pub planner: &'a Planner,
    /// What is wanted.
    pub input: Input,
    /// How it is watched over.
    pub watch: &'a Watch,
    /// The hashes of a saved plan: only that is done.
    pub approved: Option<BTreeSet<String>>,
}

/// How a roll-out ended.
enum End {
    /// Nothing is left to do.
    Done,
    /// One round was asked for, and is done.
    OneRound,
    /// Nothing more can happen, and this is held back.
    Held(Vec<Waiting>),
    /// A custom resource has failed.
    Failed(Vec<Waiting>),
    /// The time is up.
    TimeUp(Vec<Waiting>),
    /// Waiting was not asked for.
    NotWaited(Vec<Waiting>),
    /// The plan under the Lease is not the one that was shown.
    Differs,
    /// The user wants no more.
    Interrupted,
}

/// An observation and the plan for it.
struct Step {
    observed: Observed,
    document: String,
}

impl Rollout<'_> {
    /// Shows, asks, carries out. Gives the exit code.
    pub fn run(mut self, console: &mut Console<'_>) -> Result<u8, Stop> {
        let first = self.step()?;
        let stands_against = self.check(&first)?;
        self.show(&first, console)?;
        let shown = Work::of(&first.document)?.hashes();
        if self.approved.as_ref().is_some_and(|approved| *approved != shown) {
            console.say("the cluster has changed: this is not the plan that was saved, so nothing was done\n")?;
            return Ok(DIFFERS);
        }
        self.within_deletes(&first)?;
        if shown.is_empty() && !self.input.delete.is_empty() && self.is_held(&first)? {
            console.say("nothing was deleted\n")?;
            return Ok(INVALID);
        }
        if !shown.is_empty() && self.approved.is_none() && !self.watch.yes && !confirm::yes(console)? {
            console.say("nothing was done\n")?;
            return Ok(INVALID);
        }
        self.carry_out(first, shown, stands_against, console)
    }

    /// Shows, and has the API server try every request without storing anything. Gives the exit code.
    pub fn rehearse(mut self, console: &mut Console<'_>) -> Result<u8, Stop> {
        let first = self.step()?;
        let stands_against = self.check(&first)?;
        self.show(&first, console)?;
        let rehearsal = rehearsal::rehearse(self.session, &first.observed, &first.document)?;
        console.put(&show::rehearsal::text(&rehearsal), None)?;
        Ok(if stands_against { INVALID } else { rehearsal.code() })
    }

    /// Observes and plans.
    fn step(&mut self) -> Result<Step, Stop> {
        self.session.runtime.block_on(step(self.session, self.planner, &mut self.input))
    }

    /// Whether the cluster stands against something. Stops where nothing may be sent at all.
    fn check(&self, step: &Step) -> Result<bool, Stop> {
        if let Some(name) = step.observed.missing_namespaces.first() {
            return Err(Stop::input(format!("namespace {name} does not exist: `kubectl create namespace {name}` makes it")));
        }
        stands_against(&self.input, self.planner, step)
    }

    /// The plan, and the rounds that follow it as far as can be foreseen.
    fn show(&self, step: &Step, console: &mut Console<'_>) -> Result<(), Stop> {
        if self.watch.quiet {
            return Ok(());
        }
        let mut plan: format::Plan = component::typed(&step.document)?;
        let mut findings = self.input.judged(std::mem::take(&mut plan.diagnostics), self.planner)?;
        findings.extend(request::unreadable(&step.observed, &plan.waiting));
        if !self.input.delete.is_empty() {
            // How something serves matters to nobody who takes it away.
            findings.retain(Finding::is_error);
        }
        let mut text = show::plan::text(&plan, &self.input.report(&findings), show::plan::Hint::Asked);
        if (1..=FORESEEN).contains(&plan.actions.len()) {
            text.push_str(&show::forecast::outline(&self.forecast(&step.observed)?));
        }
        console.put(&text, None)
    }

    /// Whether nothing of a deletion can ever be done as things are.
    fn is_held(&self, step: &Step) -> Result<bool, Stop> {
        let forecast = self.forecast(&step.observed)?;
        Ok(!forecast.end.waiting.is_empty() && forecast.rounds.iter().all(|round| round.actions.is_empty()))
    }

    fn forecast(&self, observed: &Observed) -> Result<format::Forecast, Stop> {
        component::typed(&component::document(self.planner.forecast(&self.input.request(observed)))?)
    }

    /// Nothing is begun that would delete more than is allowed, in whichever round.
    fn within_deletes(&self, step: &Step) -> Result<(), Stop> {
        let work = Work::of(&step.document)?;
        let mut deletes = work.deletes();
        if deletes > 0 && self.approved.is_none() {
            let forecast = self.forecast(&step.observed)?;
            deletes = forecast.rounds.iter().flat_map(|round| &round.actions).filter(|action| action.destructive).count();
        }
        match deletes > self.watch.allow_deletes {
            true => Err(too_many(deletes, self.watch.allow_deletes)),
            false => Ok(()),
        }
    }

    fn carry_out(
        &mut self,
        first: Step,
        shown: BTreeSet<String>,
        stands_against: bool,
        console: &mut Console<'_>,
    ) -> Result<u8, Stop> {
        let Session { runtime, cluster } = self.session;
        let live = console.live;
        let mut run = Run {
            cluster,
            planner: self.planner,
            watch: self.watch,
            session: self.session,
            input: std::mem::take(&mut self.input),
            progress: Progress::new(console.stderr, self.watch.quiet, live),
            interrupt: runtime.block_on(async { Interrupt::listen() }),
            leases: Vec::new(),
            is_alone: false,
            renewed: Instant::now(),
            deletes: 0,
            done: 0,
            failed: Vec::new(),
            surprises: BTreeMap::new(),
            left: BTreeSet::new(),
            left_behind: None,
            performed: BTreeMap::new(),
            going: Vec::new(),
            waited_for_pods: BTreeSet::new(),
            one_round: self.approved.is_some(),
            stands_against,
        };
        let outcome = runtime.block_on(run.all(first, shown));
        // Also after a failure: the next run should not have to wait.
        runtime.block_on(run.release());
        run.progress.end()?;
        let code = match run.verdict(outcome?)? {
            FINE if run.stands_against => INVALID,
            code => code,
        };
        match run.left_behind.take() {
            Some(trouble) if code == FINE => {
                Err(Stop::Host(format!("all is done, but the next run has to wait: {}", trouble.message)))
            }
            _ => Ok(code),
        }
    }
}

fn too_many(deletes: usize, allowed: usize) -> Stop {
    Stop::input(format!("{deletes} objects would be deleted, and {allowed} may be: `--allow-deletes {deletes}` permits it"))
}

/// Whether the cluster stands against something. Stops where the input is invalid in itself.
fn stands_against(input: &Input, planner: &Planner, step: &Step) -> Result<bool, Stop> {
    let plan: format::Findings = component::typed(&step.document)?;
    let unreadable = request::unreadable(&step.observed, &plan.waiting);
    let findings = input.judged(plan.diagnostics, planner)?;
    // What is wrong with others is no reason against a deletion.
    let concerns = |finding: &Finding| input.delete.is_empty() || input.delete.iter().any(|one| one.label() == finding.object);
    Ok(findings.iter().any(|finding| finding.is_error() && concerns(finding)) || !unreadable.is_empty())
}

async fn step(session: &Session, planner: &Planner, input: &mut Input) -> Result<Step, Stop> {
    input.now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let observed = input.observe(&session.cluster, planner).await?;
    let document = component::document(planner.plan(&input.request(&observed)))?;
    Ok(Step { observed, document })
}

/// A roll-out that runs.
struct Run<'a> {
    cluster: &'a Cluster,
    planner: &'a Planner,
    session: &'a Session,
    watch: &'a Watch,
    input: Input,
    progress: Progress<'a>,
    interrupt: Interrupt,
    leases: Vec<lease::Lease>,
    /// Whether no other run writes: every namespace has our Lease, or can have none.
    is_alone: bool,
    renewed: Instant,
    /// How many objects were deleted.
    deletes: usize,
    /// How many actions were done.
    done: usize,
    /// What the API server refused.
    failed: Vec<Trouble>,
    /// How often an action met a changed world.
    surprises: BTreeMap<String, usize>,
    /// The ids of what the last plan had and was not done.
    left: BTreeSet<String>,
    /// Why a Lease could not be given back.
    left_behind: Option<Trouble>,
    /// What updates changed, by object: the uid and the changes, as the plan wrote them. What comes again was undone by somebody.
    performed: BTreeMap<String, (String, String)>,
    /// The uids of what is to be deleted.
    going: Vec<String>,
    /// The ids of what has waited for pods.
    waited_for_pods: BTreeSet<String>,
    /// Whether only one round was approved.
    one_round: bool,
    /// Whether the cluster stands against something: of the last plan, because what is done may be what stood against it.
    stands_against: bool,
}

impl Watcher for Run<'_> {
    type Error = Stop;

    fn ended(&mut self, action: &Action, fate: &Fate) -> Result<(), Stop> {
        match fate {
            Fate::Done => {
                self.deletes += usize::from(action.destructive);
                self.done += 1;
                self.left.remove(&action.id);
                self.surprises.remove(&action.id);
                self.progress.done(&action.verb, &action.object)
            }
            Fate::Stale(why) => {
                let count = self.surprises.entry(action.id.clone()).or_default();
                *count += 1;
                let name = object_name(&action.object);
                if *count >= SURPRISES {
                    return Err(Stop::Host(format!("{name}: {} is refused again and again: {why}", action.verb)));
                }
                self.progress.note(&format!("{name}: {why}; observing again"))
            }
            Fate::Failed(trouble) => {
                self.failed.push(trouble.clone());
                self.progress.trouble(&format!("{}: {}", object_name(&action.object), trouble.message))
            }
        }
    }

    fn goes_on(&mut self) -> Result<bool, Stop> {
        self.progress.tick()?;
        Ok(!self.interrupt.happened())
    }
}

impl Run<'_> {
    async fn all(&mut self, first: Step, shown: BTreeSet<String>) -> Result<End, Stop> {
        let mut step = first;
        self.going = Work::of(&step.document)?.uids(&self.input.delete);
        if !shown.is_empty() {
            if !self.take_leases().await? {
                return Ok(End::Interrupted);
            }
            step = self.observe().await?;
            let now = Work::of(&step.document)?.hashes();
            // What nobody has agreed to is not done.
            if now != shown && (self.one_round || !self.watch.yes) {
                return Ok(End::Differs);
            }
        }
        let deadline = Instant::now() + self.watch.timeout;
        let mut pause = PAUSE;
        let mut before = Vec::new();
        let mut asked = false;
        loop {
            let work = Work::of(&step.document)?;
            // A round tells more of what waits, so this is asked before it.
            let is_idle = work.actions.is_empty() || self.is_for_later(&work);
            let end = if is_idle { self.rest(&work).await? } else { self.round(&work).await? };
            if let Some(end) = end {
                return Ok(end);
            }
            if is_idle {
                let facts = work.facts();
                // While facts change, more will: what can follow is asked once they stand still.
                let still = facts == before;
                if let Some(end) = self.at_rest(&step, &work, still && !asked, deadline)? {
                    self.stands_against = stands_against(&self.input, self.planner, &step)?;
                    return Ok(end);
                }
                // While anything is done, what waits for it is no news.
                self.progress.waits(&self.waiting(&work))?;
                (pause, asked, before) =
                    if still { (pause.mul_f32(1.5).min(LONGEST), true, before) } else { (PAUSE, false, facts) };
                if !self.sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await? {
                    return Ok(End::Interrupted);
                }
            }
            step = self.observe().await?;
        }
    }

    async fn observe(&mut self) -> Result<Step, Stop> {
        step(self.session, self.planner, &mut self.input).await
    }

    /// Carries out what a plan allows now. An end only where nothing may follow.
    async fn round(&mut self, work: &Work<'_>) -> Result<Option<End>, Stop> {
        if !self.is_alone {
            return Ok(if self.take_leases().await? { None } else { Some(End::Interrupted) });
        }
        self.keep_leases().await?;
        let actions = if self.one_round { work.actions.iter().collect() } else { round::now(&work.actions) };
        let deletes = self.deletes + actions.iter().filter(|action| action.destructive).count();
        if deletes > self.watch.allow_deletes {
            return Err(too_many(deletes, self.watch.allow_deletes));
        }
        self.left = work.actions.iter().map(|action| action.id.clone()).collect();
        let for_pods = work.waiting.iter().filter(|one| one.gate == TRAFFIC);
        self.waited_for_pods.extend(for_pods.map(|one| one.object.clone()));
        round::perform(self.cluster, &actions, &work.guards(), self).await?;
        self.remember(work, &actions);
        if self.interrupt.happened() {
            return Ok(Some(End::Interrupted));
        }
        if let Some(trouble) = self.failed.first() {
            return Err(Stop::Host(self.stopped(&trouble.message)));
        }
        match (self.one_round, self.surprises.is_empty()) {
            (false, _) => Ok(None),
            (true, true) => Ok(Some(End::OneRound)),
            (true, false) => Err(Stop::Host(self.stopped("the cluster has changed under the plan"))),
        }
    }

    /// Writes the statuses where nothing is done now: those of a round that more follow would be old at once.
    async fn rest(&mut self, work: &Work<'_>) -> Result<Option<End>, Stop> {
        if self.one_round {
            return Ok(Some(End::OneRound));
        }
        self.write_statuses(&work.statuses).await?;
        Ok(None)
    }

    /// Whether all that is left to do has waited for pods. Whoever does not want to wait does not run after them either.
    fn is_for_later(&self, work: &Work<'_>) -> bool {
        !self.watch.wait && work.actions.iter().all(|action| self.waited_for_pods.contains(&action.object))
    }

    /// What is left for another run: what a gate holds back, and what pods have made possible meanwhile.
    fn for_later(&self, work: &Work<'_>) -> Vec<Waiting> {
        let opened = |action: &Action| Waiting {
            object: action.object.clone(),
            gate: TRAFFIC.into(),
            facts: "its Models are available now; running again goes on".into(),
            ..Waiting::default()
        };
        work.waiting.iter().cloned().chain(work.actions.iter().map(opened)).collect()
    }

    /// Keeps what was changed, so that the component sees when somebody undoes it.
    fn remember(&mut self, work: &Work<'_>, actions: &[&Action]) {
        let done = actions.iter().filter(|action| action.verb == "update" && !self.left.contains(&action.id));
        let done: BTreeSet<&str> = done.map(|action| action.object.as_str()).collect();
        for object in work.objects.iter().filter(|object| done.contains(object.id.as_str())) {
            self.performed.insert(object.id.clone(), (object.observed.uid.clone(), object.changes.get().to_owned()));
        }
        let entry = |(id, (uid, changes)): (&String, &(String, String))| {
            format!(r#"{{"id":"{id}","observed":{{"uid":"{uid}"}},"changes":{changes}}}"#)
        };
        let objects: Vec<String> = self.performed.iter().map(entry).collect();
        let actions: Vec<String> = self.performed.keys().map(|id| format!(r#"{{"object":"{id}"}}"#)).collect();
        if !objects.is_empty() {
            self.input.previous =
                format!(r#"{{"formatVersion":"1.0","objects":[{}],"actions":[{}]}}"#, objects.join(","), actions.join(","));
        }
    }

    /// Whether nothing can follow any more. What is forecast from here knows, which is much work, so it is only asked when `still`.
    fn at_rest(&mut self, step: &Step, work: &Work<'_>, still: bool, deadline: Instant) -> Result<Option<End>, Stop> {
        let deletes = !self.input.delete.is_empty();
        let settled = if deletes { work.actions.is_empty() && self.are_gone(step) } else { work.is_settled() };
        if settled {
            return Ok(Some(End::Done));
        }
        if !self.watch.wait {
            return Ok(Some(End::NotWaited(self.for_later(work))));
        }
        // Another host says how far it is, and only time tells whether it goes on.
        if still
            && !work.is_with_another_host()
            && let Some(end) = self.foreseen(step, work)?
        {
            return Ok(Some(end));
        }
        Ok((Instant::now() >= deadline).then(|| End::TimeUp(work.waiting.clone())))
    }

    /// Whether what is to be deleted is gone, and what belonged to it: no object names one of the uids.
    fn are_gone(&self, step: &Step) -> bool {
        !self.going.iter().any(|uid| step.observed.objects.contains(uid.as_str()))
    }

    /// What is waited for: what a gate holds back and, when all is deleted, what the cluster itself takes away after its owner.
    fn waiting(&self, work: &Work<'_>) -> Vec<Waiting> {
        if self.input.delete.is_empty() || !work.waiting.is_empty() {
            return work.waiting.clone();
        }
        let collected = |reference: &Reference| Waiting {
            object: reference.id(),
            gate: "gone".into(),
            facts: "it is gone; what belonged to it is being collected".into(),
            ..Waiting::default()
        };
        self.input.delete.iter().map(collected).collect()
    }

    /// The end, where nothing more can happen.
    fn foreseen(&self, step: &Step, work: &Work<'_>) -> Result<Option<End>, Stop> {
        let request = self.input.request(&step.observed);
        let forecast: format::Forecast = component::typed(&component::document(self.planner.forecast(&request))?)?;
        if forecast.rounds.is_empty() {
            let failed = work.statuses.iter().filter(|status| status.status.state == "failed");
            let failed: Vec<Waiting> = failed.map(Status::failure).collect();
            return Ok(Some(match (failed.is_empty(), forecast.end.waiting.is_empty()) {
                (false, _) => End::Failed(failed),
                (true, true) => End::Done,
                (true, false) => End::Held(forecast.end.waiting),
            }));
        }
        Ok(None)
    }

    /// Sleeps, drawing the screen. Whether nobody interrupted.
    async fn sleep(&mut self, time: Duration) -> Result<bool, Stop> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.progress.tick()?;
            if self.interrupt.happened() {
                return Ok(false);
            }
            self.keep_leases().await?;
            tokio::time::sleep(TICK.min(end.saturating_duration_since(Instant::now()))).await;
        }
        Ok(!self.interrupt.happened())
    }

    /// What a host writes about what it saw. One that cannot be written is written after the next observation.
    async fn write_statuses(&mut self, statuses: &[Status]) -> Result<(), Stop> {
        let cluster = self.cluster;
        // A deletion says nothing about what stays.
        let delete = &self.input.delete;
        let ours = |status: &&Status| delete.is_empty() || delete.iter().any(|reference| reference.is(&status.object));
        let calls = statuses.iter().filter(ours).filter_map(|status| status.request.as_ref());
        let answers: Vec<_> = stream::iter(calls.map(|call| async move { (call, cluster.call(call).await) }))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (call, answer) in answers {
            let answer = answer?;
            if answer.code == 403 {
                return Err(crate::cluster::call::refused(call, &answer).into());
            }
        }
        Ok(())
    }

    /// Takes the Lease of each namespace. Whether nobody interrupted the wait for one.
    async fn take_leases(&mut self) -> Result<bool, Stop> {
        let holder = lease::identity();
        for namespace in self.input.namespaces(&self.cluster.namespace) {
            let progress = &mut self.progress;
            let mut say = |text: &str| drop(progress.note(text));
            let take = std::pin::pin!(lease::take(self.cluster, &namespace, &holder, &mut say));
            match futures::future::select(take, std::pin::pin!(self.interrupt.wait())).await {
                futures::future::Either::Left((lease, _)) => self.leases.extend(lease?),
                futures::future::Either::Right(_) => return Ok(false),
            }
        }
        self.renewed = Instant::now();
        self.is_alone = true;
        Ok(true)
    }

    async fn keep_leases(&mut self) -> Result<(), Stop> {
        if self.renewed.elapsed() >= lease::RENEWAL {
            for lease in &mut self.leases {
                lease.renew(self.cluster).await?;
            }
            self.renewed = Instant::now();
        }
        Ok(())
    }

    async fn release(&mut self) {
        for lease in self.leases.drain(..) {
            if let Err(trouble) = lease.release(self.cluster).await {
                self.left_behind.get_or_insert(trouble);
            }
        }
    }

    /// Why it ended, with what was done before that.
    fn stopped(&self, why: &str) -> String {
        format!("{why}; {} done, {} left; running again goes on from there", count(self.done), count(self.left.len()))
    }

    fn verdict(&mut self, end: End) -> Result<u8, Stop> {
        let done = count(self.done);
        let (text, waiting, code) = match end {
            End::Done if self.done == 0 => ("Nothing to do: everything is as it should be.".into(), Vec::new(), FINE),
            End::Done => (format!("Done: {done}."), Vec::new(), FINE),
            End::OneRound => (format!("Done: {done}, as planned. What follows needs a plan of its own."), Vec::new(), FINE),
            End::NotWaited(waiting) => (format!("Done for now: {done}."), waiting, FINE),
            End::Held(waiting) => {
                // A config that no Endpoint names yet is not in anybody's way.
                let fine = waiting.iter().all(|one| one.gate == "endpoint");
                (format!("Done: {done}. The rest is held back:"), waiting, if fine { FINE } else { UNFINISHED })
            }
            End::Failed(failed) => (format!("Done: {done}. Failed:"), failed, UNFINISHED),
            End::TimeUp(waiting) => (format!("Not finished in {} s: {done}.", self.watch.timeout.as_secs()), waiting, UNFINISHED),
            End::Differs => ("The cluster has changed since the plan was shown: nothing was done.".into(), Vec::new(), DIFFERS),
            End::Interrupted => (self.stopped("Interrupted"), Vec::new(), INTERRUPTED),
        };
        self.progress.verdict(&text)?;
        if code == INTERRUPTED {
            self.progress.left(&self.left)?;
        }
        self.progress.list(&waiting)?;
        Ok(code)
    }
}

fn count(actions: usize) -> String {
    if actions == 1 { "1 action".into() } else { format!("{actions} actions") }
}
