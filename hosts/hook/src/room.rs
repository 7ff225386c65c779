//! How much at once: requests, their bytes, and evaluations.

use crate::answer::Answer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Bytes of all bodies that are being received or evaluated.
const BODIES: usize = 64 << 20;
/// Bodies are counted in these units, because a semaphore counts in 32 bits.
const UNIT: usize = 1 << 10;
/// Whoever has waited this long is not waited for by Metacontroller much longer.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// When somebody who found no room may come again.
const RETRY_AFTER: u8 = 2;

/// Room for requests.
pub struct Room {
    requests: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    evaluations: Arc<Semaphore>,
    cores: usize,
    max_in_flight: usize,
}

/// A place in the server, from the first byte of a body until the answer is written.
pub struct Place {
    _request: OwnedSemaphorePermit,
    _body: OwnedSemaphorePermit,
}

impl Room {
    /// For `cores` evaluations at once, `max_in_flight` requests and bodies of `max_body` bytes.
    pub fn new(cores: usize, max_in_flight: usize, max_body: usize) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        let bodies = BODIES.max(max_body).div_ceil(UNIT);
        Self {
            requests: semaphore(max_in_flight),
            bodies: semaphore(bodies),
            evaluations: semaphore(cores),
            cores,
            max_in_flight,
        }
    }

    /// A place for a request with a body of this length, or the answer that there is none.
    pub fn enter(&self, body: usize) -> Result<Place, Answer> {
        let units = u32::try_from(body.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let request = self.requests.clone().try_acquire_owned().map_err(|_| busy())?;
        let body = self.bodies.clone().try_acquire_many_owned(units).map_err(|_| busy())?;
        Ok(Place { _request: request, _body: body })
    }

    /// Waits for one's turn on a core.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Answer> {
        match timeout(LONGEST_WAIT, self.evaluations.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(busy()),
        }
    }

    /// Requests that are being received, wait or are being evaluated.
    pub fn in_flight(&self) -> usize {
        self.max_in_flight.saturating_sub(self.requests.available_permits())
    }

    /// Requests that are being evaluated.
    pub fn evaluating(&self) -> usize {
        self.cores.saturating_sub(self.evaluations.available_permits())
    }
}

fn busy() -> Answer {
    Answer::later(RETRY_AFTER, "the server has as many requests as it can take; come again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn there_is_room_for_so_many_requests_and_bytes() {
        let room = Room::new(1, 2, 1 << 20);
        let first = room.enter(1).unwrap_or_else(|_| panic!("the room is empty"));
        assert!(room.enter(BODIES).is_err());
        let _second = room.enter(BODIES - UNIT).unwrap_or_else(|_| panic!("there is room for one more"));
        assert_eq!(room.in_flight(), 2);
        let refusal = room.enter(0).map(drop);
        assert!(refusal.is_err_and(|answer| answer.code == StatusCode::TOO_MANY_REQUESTS && answer.retry_after == Some(2)));
        drop(first);
        assert!(room.enter(0).is_ok());
    }
}
