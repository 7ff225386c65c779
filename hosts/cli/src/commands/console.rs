//! `console`: the page, and the way to the cluster for it.

use crate::arguments;
use crate::cluster::Cluster;
use crate::cluster::connect::{causes, context, runtime};
use crate::console::Console;
use crate::rollout::interrupt::Interrupt;
use crate::stop::{FINE, Stop};
use modelwright_console::{Server, Settings};

/// Runs `console` until it is asked to end.
pub fn run(arguments: &arguments::Console, console: &mut Console<'_>) -> Result<u8, Stop> {
    runtime()?.block_on(serve(arguments, console))
}

async fn serve(arguments: &arguments::Console, console: &mut Console<'_>) -> Result<u8, Stop> {
    let interrupt = Interrupt::listen();
    let cluster = Cluster::connect_for_streams(&arguments.connection).await?;
    let context = context(&arguments.connection);
    let about = about(&context, &cluster.url, arguments.allow_writes);
    let settings = Settings {
        client: cluster.client(),
        explain: causes,
        context,
        server: cluster.url,
        namespace: cluster.namespace,
        port: arguments.port.unwrap_or(0),
        writes: arguments.allow_writes,
    };
    let server = Server::bind(settings).await.map_err(Stop::Host)?;
    console.say(&about)?;
    console.put(&format!("{}\n", server.address()), None)?;
    server.serve(interrupt.wait()).await;
    Ok(FINE)
}

fn about(context: &str, url: &str, writes: bool) -> String {
    let context = if context.is_empty() { String::new() } else { format!("context {context}, ") };
    let writes = if writes { "may change it" } else { "read-only, --allow-writes lets it change things" };
    format!("The console of {context}{url} ({writes}).\nOpen this address in a browser; Ctrl-C ends it.\n")
}
