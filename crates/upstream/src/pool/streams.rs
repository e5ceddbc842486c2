//! The count of HTTP/2 connections, their streams, and the requests that wait for one. Pure: no I/O, no clock.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::ClientConfig;

/// What can carry requests until it is closed.
pub(super) trait Carrier: Clone {
    fn is_closed(&self) -> bool;
}

/// Who waits for a stream, until it gives up.
pub(super) trait Waiter {
    fn is_gone(&self) -> bool;
}

struct Connection<C> {
    id: u64,
    carrier: C,
    in_flight: usize,
    limit: usize,
    /// The server has said how many streams it allows. Until then one request goes ahead.
    settled: bool,
    idle_since: Option<Instant>,
}

/// The HTTP/2 connections of one host.
pub(super) struct Streams<C, W> {
    connections: Vec<Connection<C>>,
    waiting: VecDeque<W>,
    /// Connections being opened.
    dialing: usize,
    /// Streams a connection is thought to carry before its server has said so.
    expected: usize,
    next_id: u64,
    max_streams: usize,
    max_connections: usize,
}

impl<C: Carrier, W: Waiter> Streams<C, W> {
    pub(super) fn new(config: &ClientConfig) -> Self {
        let max_streams = config.max_streams_per_connection.max(1);
        Self {
            connections: Vec::new(),
            waiting: VecDeque::new(),
            dialing: 0,
            expected: max_streams,
            next_id: 0,
            max_streams,
            max_connections: config.max_http2_connections_per_host.max(1),
        }
    }

    /// One stream on the least busy connection that has room.
    pub(super) fn take(&mut self) -> Option<(u64, C)> {
        self.connections.retain(|connection| !connection.carrier.is_closed());
        let connection = self
            .connections
            .iter_mut()
            .filter(|connection| connection.in_flight < connection.limit)
            .min_by_key(|connection| connection.in_flight)?;
        connection.in_flight += 1;
        connection.idle_since = None;
        Some((connection.id, connection.carrier.clone()))
    }

    pub(super) fn wait(&mut self, waiter: W) {
        self.waiting.push_back(waiter);
    }

    /// How many connections to open now, so that those on their way can carry all who wait. They count as dialing.
    pub(super) fn plan_dials(&mut self) -> usize {
        if self.waiting.len() <= self.coming() {
            return 0;
        }
        self.waiting.retain(|waiter| !waiter.is_gone());
        let short = self.waiting.len().saturating_sub(self.coming());
        let room = self.max_connections.saturating_sub(self.connections.len() + self.dialing);
        let dials = short.div_ceil(self.expected).min(room);
        self.dialing += dials;
        dials
    }

    /// Streams on their way: on connections being opened, and on open ones whose server has not said its limit.
    fn coming(&self) -> usize {
        let unsettled = self.connections.iter().filter(|connection| !connection.settled).count();
        (self.dialing + unsettled) * self.expected
    }

    /// A dial ended, whatever came of it.
    pub(super) fn dial_ended(&mut self) {
        self.dialing = self.dialing.saturating_sub(1);
    }

    /// A connection is open.
    pub(super) fn opened(&mut self, carrier: C, now: Instant) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.connections.push(Connection {
            id,
            carrier,
            in_flight: 0,
            limit: 1,
            settled: false,
            idle_since: Some(now),
        });
        id
    }

    /// The server allows `limit` streams on a connection.
    pub(super) fn allowed(&mut self, id: u64, limit: usize) {
        let limit = limit.min(self.max_streams);
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.id == id) {
            connection.limit = limit;
            connection.settled = true;
            self.expected = limit.max(1);
        }
    }

    /// A stream of a connection ended.
    pub(super) fn ended(&mut self, id: u64, now: Instant) {
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.id == id) {
            connection.in_flight = connection.in_flight.saturating_sub(1);
            if connection.in_flight == 0 {
                connection.idle_since = Some(now);
            }
        }
    }

    /// A connection closed. True if it never became usable.
    pub(super) fn closed(&mut self, id: u64) -> bool {
        let Some(at) = self.connections.iter().position(|connection| connection.id == id) else {
            return false;
        };
        !self.connections.swap_remove(at).settled
    }

    /// Pairs those who wait with free streams, in order.
    pub(super) fn hand_out(&mut self) -> Vec<(W, u64, C)> {
        let mut pairs = Vec::new();
        while !self.waiting.is_empty() {
            let Some((id, carrier)) = self.take() else { break };
            match self.next_waiter() {
                Some(waiter) => pairs.push((waiter, id, carrier)),
                None => {
                    if let Some(connection) = self.connections.iter_mut().find(|c| c.id == id) {
                        connection.in_flight -= 1;
                    }
                }
            }
        }
        pairs
    }

    fn next_waiter(&mut self) -> Option<W> {
        while let Some(waiter) = self.waiting.pop_front() {
            if !waiter.is_gone() {
                return Some(waiter);
            }
        }
        None
    }

    /// Those whom a failed dial would have served: they hear of the failure instead of waiting on.
    pub(super) fn failed(&mut self) -> Vec<W> {
        let count = self.waiting.len().min(self.expected);
        self.waiting.drain(..count).collect()
    }

    /// Everyone who waits: the host speaks HTTP/1.1.
    pub(super) fn all_waiting(&mut self) -> Vec<W> {
        self.waiting.drain(..).collect()
    }

    /// Takes out what has been idle too long. True if connections or waiting requests are left.
    pub(super) fn sweep(&mut self, now: Instant, idle_timeout: Duration) -> (bool, Vec<C>) {
        let old = |connection: &mut Connection<C>| {
            connection.carrier.is_closed()
                || connection.idle_since.is_some_and(|since| now.duration_since(since) >= idle_timeout)
        };
        let expired = self.connections.extract_if(.., old).map(|connection| connection.carrier).collect();
        (!self.connections.is_empty() || !self.waiting.is_empty() || self.dialing > 0, expired)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Fake(Rc<Cell<bool>>);

    impl Carrier for Fake {
        fn is_closed(&self) -> bool {
            self.0.get()
        }
    }

    struct Person(bool);

    impl Waiter for Person {
        fn is_gone(&self) -> bool {
            self.0
        }
    }

    fn streams() -> Streams<Fake, Person> {
        Streams::new(&ClientConfig::default())
    }

    #[test]
    fn a_burst_opens_what_it_can_fill() {
        let mut streams = streams();
        let mut dials = 0;
        for _ in 0..1000 {
            assert!(streams.take().is_none());
            streams.wait(Person(false));
            dials += streams.plan_dials();
        }
        assert_eq!(dials, 10);

        let mut served = 0;
        for _ in 0..10 {
            streams.dial_ended();
            let id = streams.opened(Fake::default(), Instant::now());
            served += streams.hand_out().len();
            assert_eq!(streams.plan_dials(), 0);
            streams.allowed(id, 100);
            served += streams.hand_out().len();
        }
        assert_eq!(served, 1000);
        assert!(streams.take().is_none(), "all hundred streams of all ten are in use");
        streams.ended(3, Instant::now());
        assert_eq!(streams.take().unwrap().0, 3);
    }

    #[test]
    fn a_low_limit_is_learned_and_more_connections_follow() {
        let mut streams = streams();
        for _ in 0..100 {
            streams.wait(Person(false));
        }
        assert_eq!(streams.plan_dials(), 1);
        streams.dial_ended();
        let id = streams.opened(Fake::default(), Instant::now());
        assert_eq!(streams.hand_out().len(), 1, "one goes ahead before the server has said its limit");
        streams.allowed(id, 10);
        assert_eq!(streams.hand_out().len(), 9);
        assert_eq!(streams.plan_dials(), 9);
    }

    #[test]
    fn those_who_left_are_neither_served_nor_dialed_for() {
        let mut streams = streams();
        for at in 0..300 {
            streams.wait(Person(at != 299));
        }
        assert_eq!(streams.plan_dials(), 1);
        streams.wait(Person(true));
        streams.dial_ended();
        let id = streams.opened(Fake::default(), Instant::now());
        streams.allowed(id, 100);
        assert_eq!(streams.hand_out().len(), 1);
        assert!(streams.waiting.is_empty() || streams.hand_out().is_empty());
    }

    #[test]
    fn connections_are_bounded_and_the_rest_waits() {
        let config = ClientConfig { max_http2_connections_per_host: 2, ..ClientConfig::default() };
        let mut streams: Streams<Fake, Person> = Streams::new(&config);
        for _ in 0..1000 {
            streams.wait(Person(false));
        }
        assert_eq!(streams.plan_dials(), 2);
        assert_eq!(streams.plan_dials(), 0);
        assert_eq!(streams.failed().len(), 100);
    }

    #[test]
    fn closed_and_idle_connections_go() {
        let mut streams = streams();
        let now = Instant::now();
        let first = Fake::default();
        streams.opened(first.clone(), now);
        let id = streams.opened(Fake::default(), now);
        streams.allowed(id, 1);
        first.0.set(true);
        assert_eq!(streams.take().unwrap().0, id);
        assert!(streams.take().is_none());
        let later = now + Duration::from_secs(60);
        assert_eq!(streams.sweep(later, Duration::from_secs(50)).1.len(), 0, "it is in use");
        streams.ended(id, later);
        assert_eq!(streams.sweep(later, Duration::from_secs(50)).1.len(), 0);
        let (left, expired) = streams.sweep(later + Duration::from_secs(50), Duration::from_secs(50));
        assert_eq!((left, expired.len()), (false, 1));
        assert!(!streams.closed(id));
    }
}
