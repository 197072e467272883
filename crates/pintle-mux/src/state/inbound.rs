//! What a frame of the peer does.

use super::stream::{Half, Owner, StreamState};
use super::{Role, State};
use crate::error::{ProtocolError, SessionEnd};
use crate::frame::{Flags, Header, Kind};

/// The bytes that follow a data header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payload {
    /// Nobody wants the bytes if this is `None`.
    pub(crate) stream: Option<u32>,
    pub(crate) left: u32,
    /// The peer's direction ends with this frame.
    pub(crate) last: bool,
}

impl State {
    /// Acts on one header, and says what payload follows it.
    pub(crate) fn on_header(&mut self, header: Header) -> Result<Option<Payload>, SessionEnd> {
        self.counters.frames_in += 1;
        match header.kind {
            Kind::Data => Ok(self.on_data(header)?),
            Kind::WindowUpdate => Ok(self.on_window_update(header).map(|()| None)?),
            Kind::Ping => Ok(self.on_ping(header).map(|()| None)?),
            Kind::GoAway if header.length == super::GO_AWAY_NORMAL => {
                self.peer_going_away = true;
                self.wakes.openers = true;
                Ok(None)
            }
            Kind::GoAway => Err(SessionEnd::PeerGoAway(header.length)),
        }
    }

    /// A payload came to its end.
    pub(crate) fn on_payload_end(&mut self, payload: Payload) {
        if let (Some(id), true) = (payload.stream, payload.last) {
            self.finish_reads(id);
        }
    }

    fn on_data(&mut self, header: Header) -> Result<Option<Payload>, ProtocolError> {
        let Header {
            stream: id,
            length,
            flags,
            ..
        } = header;
        if length > self.config.max_stream_window_bytes {
            return Err(ProtocolError::FrameTooLarge { stream: id, length });
        }
        self.counters.bytes_in += u64::from(length);
        self.on_opening_flags(id, flags)?;
        let unwanted = (length > 0).then_some(Payload {
            stream: None,
            left: length,
            last: false,
        });
        let Some(stream) = self.streams.get_mut(&id) else {
            return Ok(unwanted);
        };
        if flags.has(Flags::RST) {
            self.on_reset(id);
            return Ok(unwanted);
        }
        if stream.reset {
            return Ok(unwanted);
        }
        if length > 0 {
            if stream.reads == Half::Finished {
                return Err(ProtocolError::DataAfterFin(id));
            }
            if let Err(allowed) = stream.receive.receive(length) {
                return Err(ProtocolError::WindowExceeded {
                    stream: id,
                    allowed,
                    length,
                });
            }
            if matches!(stream.owner, Owner::Lingering(_)) {
                self.remove(id);
                self.answer(Header::new(Kind::WindowUpdate, Flags::RST, id, 0))?;
                return Ok(unwanted);
            }
            let last = flags.has(Flags::FIN);
            return Ok(Some(Payload {
                stream: Some(id),
                left: length,
                last,
            }));
        }
        if flags.has(Flags::FIN) {
            self.finish_reads(id);
        }
        Ok(None)
    }

    fn on_window_update(&mut self, header: Header) -> Result<(), ProtocolError> {
        let Header {
            stream: id,
            length,
            flags,
            ..
        } = header;
        self.on_opening_flags(id, flags)?;
        let Some(stream) = self.streams.get_mut(&id) else {
            return Ok(());
        };
        if flags.has(Flags::RST) {
            self.on_reset(id);
            return Ok(());
        }
        if length > 0 {
            stream.send = stream
                .send
                .checked_add(length)
                .ok_or(ProtocolError::WindowOverflow(id))?;
            self.wakes.task(stream.writer.take());
        }
        if flags.has(Flags::FIN) {
            self.finish_reads(id);
        }
        Ok(())
    }

    fn on_ping(&mut self, header: Header) -> Result<(), ProtocolError> {
        if header.flags.has(Flags::SYN) {
            return self.answer(Header::new(Kind::Ping, Flags::ACK, 0, header.length));
        }
        if let Some(sent) = self.keepalive.answered(header.length) {
            let rtt = (self.clock)().saturating_duration_since(sent);
            self.growth.rtt = Some(rtt);
            self.counters.rtt = Some(rtt);
        }
        Ok(())
    }

    /// SYN and ACK, which may come with either kind of stream frame.
    fn on_opening_flags(&mut self, id: u32, flags: Flags) -> Result<(), ProtocolError> {
        if flags.has(Flags::SYN) {
            self.on_open(id)?;
        }
        // A first reset or end answers an open as well as an ACK does.
        let answers = Flags(Flags::ACK.0 | Flags::RST.0 | Flags::FIN.0);
        if flags.0 & answers.0 != 0
            && let Some(stream) = self.streams.get_mut(&id)
            && std::mem::take(&mut stream.unanswered)
        {
            self.answered();
        }
        Ok(())
    }

    /// The peer opens a stream. One too many is refused; the session lives.
    fn on_open(&mut self, id: u32) -> Result<(), ProtocolError> {
        let theirs = if self.role == Role::Client { 0 } else { 1 };
        if id == 0 || id % 2 != theirs {
            return Err(ProtocolError::ForeignId(id));
        }
        if !self.peer_ids.use_once(id) {
            return Err(ProtocolError::IdReused(id));
        }
        if self.closing
            || self.backlog.len() >= self.config.accept_backlog
            || self.streams.len() >= self.config.max_streams
        {
            self.counters.refused += 1;
            return self.answer(Header::new(Kind::WindowUpdate, Flags::RST, id, 0));
        }
        self.streams
            .insert(id, StreamState::new(Owner::Backlog, false, (self.clock)()));
        self.backlog.push_back(id);
        self.wakes.accepts += 1;
        Ok(())
    }

    /// The peer reset a stream. What arrived before is still read; it counts against the limit of
    /// streams until its owner lets go of it.
    fn on_reset(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        self.counters.resets += 1;
        stream.reset = true;
        self.wakes
            .task(stream.reader.take().map(|(waker, _)| waker));
        self.wakes.task(stream.writer.take());
        if matches!(stream.owner, Owner::Lingering(_)) {
            self.remove(id);
        }
    }

    fn finish_reads(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.reads = Half::Finished;
        self.wakes
            .task(stream.reader.take().map(|(waker, _)| waker));
        if matches!(stream.owner, Owner::Lingering(_)) {
            self.remove(id);
        }
    }
}
