//! One WebSocket with a queue of what it has not taken yet. Reading and writing go on side by side in one task, so
//! neither can hold up the other.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll, ready},
};

use futures::{Sink, SinkExt as _, Stream, StreamExt as _};

/// A WebSocket and what waits to be sent on it.
#[derive(Debug)]
pub struct Leg<S, M> {
    socket: S,
    queue: VecDeque<(M, usize)>,
    queued_bytes: usize,
    /// Something was sent since the socket was last empty.
    busy: bool,
}

/// What happened on a leg.
#[derive(Debug)]
pub enum LegEvent<M, E> {
    /// A message came.
    Message(M),
    /// The last message that was queued has been handed to the network.
    Drained,
    /// The peer sent something that the WebSocket layer does not accept, or the network failed.
    Failed(E),
    /// The stream is over.
    Closed,
}

impl<S, M, E> Leg<S, M>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
{
    /// A leg with an empty queue.
    pub fn new(socket: S) -> Self {
        Self { socket, queue: VecDeque::new(), queued_bytes: 0, busy: false }
    }

    /// Queues a message of so many bytes. It is sent by [`Self::event`].
    pub fn push(&mut self, message: M, bytes: usize) {
        self.queue.push_back((message, bytes));
        self.queued_bytes += bytes;
        self.busy = true;
    }

    /// Bytes that the network has not taken yet, the message under way left out.
    pub fn backlog(&self) -> usize {
        self.queued_bytes
    }

    /// Sends what is queued until something happens. Messages are read only if `read`. Nothing is lost when this is
    /// dropped and called again.
    pub async fn event(&mut self, read: bool) -> LegEvent<M, E> {
        poll_fn(|context| self.poll_event(context, read)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>, read: bool) -> Poll<LegEvent<M, E>> {
        if self.busy
            && let Poll::Ready(sent) = self.poll_send(context)
        {
            self.busy = false;
            return Poll::Ready(sent.map_or_else(LegEvent::Failed, |()| LegEvent::Drained));
        }
        if !read {
            return Poll::Pending;
        }
        Poll::Ready(match ready!(self.socket.poll_next_unpin(context)) {
            Some(Ok(message)) => LegEvent::Message(message),
            Some(Err(error)) => LegEvent::Failed(error),
            None => LegEvent::Closed,
        })
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        while !self.queue.is_empty() {
            ready!(self.socket.poll_ready_unpin(context))?;
            if let Some((message, bytes)) = self.queue.pop_front() {
                self.queued_bytes -= bytes;
                self.socket.start_send_unpin(message)?;
            }
        }
        self.socket.poll_flush_unpin(context)
    }
}
