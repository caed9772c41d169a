//! The two ways in which SAS packs rows: runs (`COMPRESS=CHAR`) and Ross's data compression (`COMPRESS=BINARY`; E. Ross,
//! "Simple data compression", The C Users Journal 10, 1992).

/// How rows are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Runs of one byte, and bytes as they are.
    Runs,
    /// Ross: also repetitions of earlier bytes.
    Ross,
}

impl Packing {
    /// As the first texts of a data set say.
    pub fn of(text: &[u8]) -> Option<Self> {
        let has = |name: &[u8]| text.windows(name.len()).any(|window| window == name);
        if has(b"SASYZCRL") {
            Some(Self::Runs)
        } else if has(b"SASYZCR2") {
            Some(Self::Ross)
        } else {
            None
        }
    }

    /// Unpacks one row behind what is in `out`, up to a length of `end`; `None` where the bytes make no sense.
    pub fn unpack(self, bytes: &[u8], end: usize, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Runs => runs(bytes, end, out),
            Self::Ross => ross(bytes, end, out),
        }
    }
}

/// Adds `count` times `byte`, but never more than fits.
fn fill(out: &mut Vec<u8>, byte: u8, count: usize, end: usize) -> Option<()> {
    let length = out.len().checked_add(count).filter(|&length| length <= end)?;
    out.resize(length, byte);
    Some(())
}

fn runs(bytes: &[u8], end: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    let next = |rest: &mut &[u8]| {
        let (&first, others) = rest.split_first()?;
        *rest = others;
        Some(first)
    };
    while out.len() < end && !rest.is_empty() {
        let control = next(&mut rest)?;
        let low = usize::from(control & 0x0f);
        let copied = match control & 0xf0 {
            0x00 => usize::from(next(&mut rest)?) + 64 + 256 * low,
            0x10 => usize::from(next(&mut rest)?) + 64 + 256 * low + 4096,
            0x20 => low + 96,
            0x80 => low + 1,
            0x90 => low + 17,
            0xa0 => low + 33,
            0xb0 => low + 49,
            _ => 0,
        };
        match control & 0xf0 {
            0x40 => {
                let count = usize::from(next(&mut rest)?) + 18 + 256 * low;
                let byte = next(&mut rest)?;
                fill(out, byte, count, end)?;
            }
            0x60 => {
                let count = usize::from(next(&mut rest)?) + 17 + 256 * low;
                fill(out, b' ', count, end)?;
            }
            0x70 => {
                let count = usize::from(next(&mut rest)?) + 17 + 256 * low;
                fill(out, 0, count, end)?;
            }
            0xc0 => {
                let byte = next(&mut rest)?;
                fill(out, byte, low + 3, end)?;
            }
            0xd0 => fill(out, b'@', low + 2, end)?,
            0xe0 => fill(out, b' ', low + 2, end)?,
            0xf0 => fill(out, 0, low + 2, end)?,
            _ if copied > 0 => {
                let (piece, others) = rest.split_at_checked(copied)?;
                if out.len() + copied > end {
                    return None;
                }
                out.extend_from_slice(piece);
                rest = others;
            }
            _ => return None,
        }
    }
    Some(())
}

fn ross(bytes: &[u8], end: usize, out: &mut Vec<u8>) -> Option<()> {
    let begin = out.len();
    let mut input = bytes.iter().copied();
    let (mut bits, mut mask) = (0_u16, 0_u16);
    while out.len() < end {
        mask >>= 1;
        if mask == 0 {
            let Some(first) = input.next() else { break };
            bits = u16::from(first) << 8 | u16::from(input.next()?);
            mask = 0x8000;
        }
        let Some(byte) = input.next() else { break };
        if bits & mask == 0 {
            out.push(byte);
            continue;
        }
        let (command, low) = (byte >> 4, usize::from(byte & 0x0f));
        match command {
            0 => fill(out, input.next()?, low + 3, end)?,
            1 => {
                let count = low + (usize::from(input.next()?) << 4) + 19;
                fill(out, input.next()?, count, end)?;
            }
            _ => {
                let back = low + 3 + (usize::from(input.next()?) << 4);
                let count = if command == 2 { usize::from(input.next()?) + 16 } else { usize::from(command) };
                let from = out.len().checked_sub(back).filter(|&from| from >= begin)?;
                if out.len() + count > end {
                    return None;
                }
                for at in from..from + count {
                    let byte = *out.get(at)?;
                    out.push(byte);
                }
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_unpacked() {
        // Three bytes as they are, four blanks, five NULs, six letters.
        let packed = [0x82, b'a', b'b', b'c', 0xe2, 0xf3, 0xc3, b'z'];
        let mut out = Vec::new();
        assert_eq!(Packing::Runs.unpack(&packed, 18, &mut out), Some(()));
        assert_eq!(out, b"abc    \0\0\0\0\0zzzzzz");
        assert_eq!(Packing::Runs.unpack(&[0x2f, 1], 200, &mut Vec::new()), None);
    }

    #[test]
    fn repetitions_are_unpacked() {
        // abc as it is; then three bytes from three back; then x five times.
        let packed = [0b0001_1000, 0, b'a', b'b', b'c', 0x30, 0, 0x02, b'x'];
        let mut out = b"before".to_vec();
        assert_eq!(Packing::Ross.unpack(&packed, 17, &mut out), Some(()));
        assert_eq!(out, b"beforeabcabcxxxxx");
        // What stands before the row is not part of it.
        assert_eq!(Packing::Ross.unpack(&[0x80, 0, 0x30, 0], 17, &mut b"before".to_vec()), None);
    }
}
