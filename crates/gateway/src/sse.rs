//! Server-sent events, cut out of the bytes of a stream as they come. Nothing is decoded but
//! lines: what an event says is for its protocol.

/// The largest event that is held together, in bytes: the last one of OpenAI's responses has all
/// of the answer in it.
pub const EVENT_BYTES_MAX: usize = 8 << 20;

/// Cuts events out of bytes. Holds what has come of the one that is not whole.
#[derive(Debug, Default)]
pub struct Events {
    /// What has come of the next event.
    rest: Vec<u8>,
    /// Whether an event was larger than may be; it is passed over.
    too_large: bool,
}

impl Events {
    /// Hands each event that these bytes complete to `each`, its empty line with it. Returns
    /// whether one was too large, and was passed over in part.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> bool {
        let was_too_large = self.too_large;
        while let Some(end) = end_of_event(&self.rest, bytes) {
            let (event, later) = bytes.split_at(end);
            if self.rest.is_empty() {
                each(event);
            } else {
                self.rest.extend_from_slice(event);
                each(&self.rest);
                self.rest.clear();
            }
            bytes = later;
        }
        if self.rest.len() + bytes.len() > EVENT_BYTES_MAX {
            self.too_large = true;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
        self.too_large && !was_too_large
    }

    /// What came last, and was never ended by an empty line.
    #[must_use]
    pub fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }
}

/// Where in `bytes` the event ends that began with `before`: behind its empty line.
fn end_of_event(before: &[u8], bytes: &[u8]) -> Option<usize> {
    // The line's end may lie in what came before, up to three bytes of it.
    let kept = before.len().min(3);
    let before = &before[before.len() - kept..];
    let at = |place: usize| match place.checked_sub(kept) {
        None => before.get(place).copied(),
        Some(place) => bytes.get(place).copied(),
    };
    let mut place = 0;
    while place < kept + bytes.len() {
        if place >= kept {
            // Most bytes are no end of a line.
            place += bytes[place - kept..].iter().position(|b| matches!(b, b'\n' | b'\r'))?;
        }
        let (first, second) = (at(place), at(place + 1));
        let end = match (first, second, at(place + 2), at(place + 3)) {
            (Some(b'\r'), Some(b'\n'), Some(b'\r'), Some(b'\n')) => Some(place + 4),
            (Some(b'\n'), Some(b'\r'), Some(b'\n'), _) => Some(place + 3),
            (Some(b'\n'), Some(b'\n'), ..) | (Some(b'\r'), Some(b'\r'), ..) => Some(place + 2),
            _ => None,
        };
        if let Some(end) = end {
            return end.checked_sub(kept).filter(|end| *end > 0);
        }
        place += 1;
    }
    None
}

/// The data of an event: its lines, joined. Borrowed where there is one line, as there is.
#[must_use]
pub(crate) fn data(event: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
    let lines = event.split(|byte| matches!(byte, b'\n' | b'\r'));
    let mut lines = lines.filter_map(|line| {
        let data = line.strip_prefix(b"data:")?;
        Some(data.strip_prefix(b" ").unwrap_or(data))
    });
    let first = lines.next()?;
    let Some(second) = lines.next() else { return Some(first.into()) };
    let mut all = first.to_vec();
    for line in std::iter::once(second).chain(lines) {
        all.push(b'\n');
        all.extend_from_slice(line);
    }
    Some(all.into())
}

/// One event as it goes over the wire, with a name if it has one.
#[must_use]
pub(crate) fn event(name: Option<&str>, data: &str) -> String {
    match name {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut all = Vec::new();
        for piece in pieces {
            events.feed(piece, |event| all.push(String::from_utf8_lossy(event).into_owned()));
        }
        all
    }

    #[test]
    fn events_end_with_an_empty_line_of_any_kind() {
        let all = b"data: a\n\nevent: x\r\ndata: b\r\n\r\ndata: c\r\r: ping\n\ndata: half";
        let want = ["data: a\n\n", "event: x\r\ndata: b\r\n\r\n", "data: c\r\r", ": ping\n\n"];
        assert_eq!(events(&[all]), want);
        let bytes: Vec<&[u8]> = all.chunks(1).collect();
        assert_eq!(events(&bytes), want);
    }

    #[test]
    fn lines_of_data_are_joined() {
        assert_eq!(data(b"event: x\ndata: a\ndata:b\n\n").unwrap().as_ref(), b"a\nb");
        assert_eq!(data(b": nothing\n\n"), None);
    }

    #[test]
    fn an_endless_event_is_let_go() {
        let mut all = Events::default();
        let flood = vec![b'x'; EVENT_BYTES_MAX / 2 + 1];
        assert!(!all.feed(&flood, |_| {}));
        assert!(all.feed(&flood, |_| {}));
        let mut last = Vec::new();
        all.feed(b"\n\ndata: y\n\n", |event| last = event.to_vec());
        assert_eq!(last, b"data: y\n\n");
    }

    proptest! {
        #[test]
        fn however_the_bytes_come_the_events_are_the_same(
            text in "(data: [a-c]{0,4}(\n|\r\n|\r){1,3}){0,9}", cut in 1..9usize,
        ) {
            let bytes = text.as_bytes();
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            let joined = |all: Vec<String>| all.concat();
            let whole = joined(events(&[bytes]));
            prop_assert!(text.starts_with(&whole));
            prop_assert!(joined(events(&pieces)).len() <= text.len());
        }
    }
}
