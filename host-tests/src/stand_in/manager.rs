//! Runs a controller for each CompositeController and DecoratorController that the flags select, as long as it says what it says.

use super::api::Api;
use super::controller::{Controller, Shared, Type};
use super::discovery::Discovery;
use super::events::Events;
use super::flags::Flags;
use super::informer::{Event, Informer, Informers};
use super::object;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_local;

const API_VERSION: &str = "metacontroller.k8s.io/v1alpha1";
/// How often it is asked whether something is there that was not.
const LOOK: Duration = Duration::from_millis(100);
/// After a controller that could not be started.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Runs for ever.
pub async fn run(flags: Flags) -> Result<(), String> {
    let flags = Rc::new(flags);
    let api = Rc::new(Api::open(&flags).await?);
    let discovery = Rc::new(Discovery::default());
    spawn_local(Rc::clone(&discovery).follow(Rc::clone(&api), flags.discovery_interval));
    let shared = Rc::new(Shared {
        informers: Informers::new(Rc::clone(&api), Rc::clone(&discovery), Rc::clone(&flags)),
        events: Events::new(flags.events_burst),
        applied: super::apply::Applied::default(),
        api,
        flags,
    });
    while !discovery.is_known() {
        tokio::time::sleep(LOOK).await;
    }
    let composite = follow(&shared, Type::Composite, "compositecontrollers");
    let decorator = follow(&shared, Type::Decorator, "decoratorcontrollers");
    futures::future::try_join(composite, decorator).await.map(|_| ())
}

/// Each object has a task of its own that starts and stops its controller, one after the other.
async fn follow(shared: &Rc<Shared>, r#type: Type, plural: &str) -> Result<(), String> {
    let informer = loop {
        match shared.informers.of(API_VERSION, plural) {
            Ok(informer) => break informer,
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    };
    let (sender, mut events) = unbounded_channel::<Event>();
    informer.listen(move |event| sender.send(event).is_ok());
    let mut tasks = BTreeMap::new();
    while let Some(event) = events.recv().await {
        let Some(object) = event.object().filter(|object| shared.flags.target.matches(&object["metadata"]["labels"])) else {
            continue;
        };
        let name = object::text(object, "name").to_owned();
        let wake = tasks.entry(name.clone()).or_insert_with(|| {
            let (wake, woken) = unbounded_channel::<()>();
            let keeper = Keeper { shared: Rc::clone(shared), r#type, informer: Rc::clone(&informer), name, running: None };
            spawn_local(keeper.keep(woken));
            wake
        });
        let _ = wake.send(());
    }
    Ok(())
}

/// Keeps one controller as its object says.
struct Keeper {
    shared: Rc<Shared>,
    r#type: Type,
    informer: Rc<Informer>,
    name: String,
    running: Option<Rc<Controller>>,
}

impl Keeper {
    async fn keep(mut self, mut woken: tokio::sync::mpsc::UnboundedReceiver<()>) {
        let mut pause = FIRST_PAUSE;
        while woken.recv().await.is_some() {
            while let Err(why) = self.adjust().await {
                eprintln!("{}: {why}", self.name);
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
            pause = FIRST_PAUSE;
        }
    }

    async fn adjust(&mut self) -> Result<(), String> {
        let object = self.informer.get("", &self.name);
        let spec = |object: &Value| object["spec"].clone();
        if self.running.as_ref().map(|running| spec(&running.object)) == object.as_deref().map(spec) {
            return Ok(());
        }
        if let Some(running) = self.running.take() {
            running.stop().await;
            eprintln!("{}: stopped", self.name);
        }
        let Some(object) = object else { return Ok(()) };
        let controller = Controller::new(&self.shared, self.r#type, &object).await?;
        controller.start();
        eprintln!("{}: started", self.name);
        self.running = Some(controller);
        Ok(())
    }
}
