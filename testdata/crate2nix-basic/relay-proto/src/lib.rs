use once_cell::sync::Lazy;
use thiserror::Error;

static LIMIT: Lazy<usize> = Lazy::new(|| if cfg!(feature = "checked") { 64 } else { 255 });

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub body: Vec<u8>,
}

#[derive(Debug, Error)]
pub enum DecodeError {
    #[error("the frame ends early")]
    Short,
    #[error("the frame is longer than {0} bytes")]
    Long(usize),
}

pub fn decode(bytes: &[u8]) -> Result<Frame, DecodeError> {
    let [kind, length, body @ ..] = bytes else {
        return Err(DecodeError::Short);
    };
    let length = usize::from(*length);
    if length > *LIMIT {
        return Err(DecodeError::Long(*LIMIT));
    }
    let body = body.get(..length).ok_or(DecodeError::Short)?;
    Ok(Frame { kind: *kind, body: body.to_vec() })
}
