use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Count {
    pub name: String,
    pub total: u64,
}

#[derive(Debug, Error)]
pub enum ParseError {
    #[error("expected name=total, got {0:?}")]
    Shape(String),
    #[error("the total of {0:?} is not a number")]
    Total(String, #[source] std::num::ParseIntError),
}

pub fn parse(text: &str) -> Result<Count, ParseError> {
    let (name, total) = text.split_once('=').ok_or_else(|| ParseError::Shape(text.into()))?;
    let total = total.trim_end().parse();
    let total = total.map_err(|e| ParseError::Total(text.into(), e))?;
    Ok(Count { name: name.into(), total })
}

/// One of the counts, for a draw.
pub fn draw(counts: &[Count]) -> Option<&Count> {
    counts.get(fastrand::usize(..counts.len().max(1)))
}
