//! Two sides and a wire between them, whatever they do in whatever order.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Random opens, writes, reads, shutdowns, drops and partial deliveries on both sides: every
    /// stream yields a prefix of what was written, all of it before a clean end, and neither side
    /// ever takes the other for a rogue.
    #[test]
    fn every_stream_carries_its_bytes_in_order_whatever_else_happens(
        steps in proptest::collection::vec((0..7u8, any::<bool>(), any::<u16>(), 1..40_000usize), 1..300),
    ) {
        let mut sides = [Side::new(Role::Client), Side::new(Role::Server)];
        for (kind, which, pick, size) in steps {
            let at = usize::from(which);
            sides[at].step(kind, pick, size);
            if kind == 6 {
                Side::deliver(&mut sides, at, size);
            }
            for at in [0, 1] {
                let heard = std::mem::take(&mut sides[at].heard);
                for (id, bytes, end) in heard {
                    let sent = sides[1 - at].sent.entry(id).or_default();
                    prop_assert!(sent.bytes.len() >= bytes.len());
                    prop_assert!(sent.bytes.drain(..bytes.len()).eq(bytes));
                    prop_assert!(!end || (sent.ended && sent.bytes.is_empty()));
                }
            }
        }
    }
}

struct Side {
    state: State,
    held: Vec<u32>,
    sent: HashMap<u32, Sent>,
    heard: Vec<(u32, Vec<u8>, bool)>,
    wire: Vec<u8>,
    byte: u8,
}

#[derive(Default)]
struct Sent {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Side {
    fn new(role: Role) -> Self {
        Self {
            state: state(role),
            held: Vec::new(),
            sent: HashMap::new(),
            heard: Vec::new(),
            wire: Vec::new(),
            byte: 0,
        }
    }

    fn step(&mut self, kind: u8, pick: u16, size: usize) {
        let id = self
            .held
            .get(usize::from(pick) % self.held.len().max(1))
            .copied();
        match (kind, id) {
            (0, _) => self.held.extend(self.state.open().unwrap()),
            (1, _) => self.held.extend(self.state.accept().unwrap()),
            (2, Some(id)) => self.write(id, size),
            (3, Some(id)) => match read(&mut self.state, id) {
                Ok(Some(bytes)) => self.heard.push((id, bytes, false)),
                Ok(None) => self.heard.push((id, Vec::new(), true)),
                Err(_) => {}
            },
            (4, Some(id)) => {
                let ended = self.state.shutdown(id).is_ok();
                self.sent.entry(id).or_default().ended |= ended;
            }
            (5, Some(id)) => {
                self.state.drop_handle(id);
                self.held.retain(|held| *held != id);
            }
            _ => {}
        }
    }

    fn write(&mut self, id: u32, size: usize) {
        self.byte = self.byte.wrapping_add(1);
        let bytes = vec![self.byte; size];
        let begun = self.state.begin_write(id, size, None, usize::MAX, &waker());
        if let Ok(Write::Queue(length)) = begun {
            self.state.queue(id, length, &bytes[..length]);
            self.sent
                .entry(id)
                .or_default()
                .bytes
                .extend(&bytes[..length]);
        }
    }

    /// Passes on as many whole frames as `size` bytes hold, at least one.
    fn deliver(sides: &mut [Self; 2], from: usize, size: usize) {
        let bytes = drain(&mut sides[from].state);
        sides[from].wire.extend(bytes);
        let mut end = 0;
        while let Some(header) = sides[from].wire[end..].first_chunk() {
            let header = Header::decode(header).unwrap();
            let payload = if header.kind == Kind::Data {
                header.length as usize
            } else {
                0
            };
            end += HEADER_LEN + payload;
            if end >= size {
                break;
            }
        }
        let bytes: Vec<u8> = sides[from].wire.drain(..end).collect();
        feed(&mut sides[1 - from].state, &bytes).expect("both keep the protocol");
    }
}
