//! The values of a property list, read with bounds: whoever gives the file may mean harm.

use super::text::line_at;
use plist::stream::{BinaryReader, Event, XmlReader};
use std::io::Cursor;

/// How deep values may lie in each other. A job needs four.
const DEEPEST: usize = 32;

/// What a file may unfold to, in bytes and the cost of values: a binary plist of a few hundred bytes
/// can name one array so often within others that it would fill any memory.
const MOST: usize = 32 * 1024 * 1024;

/// What one value costs of that, besides its text.
const ONE_VALUE: usize = 32;

/// The outermost value of XML that was prepared.
///
/// # Errors
/// A sentence that goes on after a file's name: what is wrong, and in which line.
pub fn read_xml(text: &str) -> Result<Item, String> {
    let mut events = Events {
        inner: XmlReader::new(text.as_bytes()),
        left: MOST,
        xml: Some(text),
    };
    events.root()
}

/// The outermost value of a binary file.
///
/// # Errors
/// As [`read_xml`], with the number of the byte instead of the line.
pub fn read_binary(bytes: &[u8]) -> Result<Item, String> {
    let mut events = Events {
        inner: BinaryReader::new(Cursor::new(bytes)),
        left: MOST,
        xml: None,
    };
    events.root()
}

/// A value of a property list, as far as a job has it.
pub enum Item {
    Text(String),
    Boolean(bool),
    Array(Vec<Item>),
    Dict(Vec<(String, Item)>),
    /// Numbers, dates, data: a job says nothing with them that is asked for here.
    Other(&'static str),
}

impl Item {
    pub fn text(&self) -> Option<&str> {
        match self {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn boolean(&self) -> Option<bool> {
        match self {
            Item::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }

    pub fn boolean_or_conditions(&self) -> Option<bool> {
        match self {
            Item::Dict(conditions) => Some(!conditions.is_empty()),
            other => other.boolean(),
        }
    }

    pub fn array(&self) -> Option<&[Item]> {
        match self {
            Item::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn dict(&self) -> Option<&[(String, Item)]> {
        match self {
            Item::Dict(keys) => Some(keys),
            _ => None,
        }
    }

    pub fn noun(&self) -> &'static str {
        match self {
            Item::Text(_) => "a string",
            Item::Boolean(_) => "a boolean",
            Item::Array(_) => "an array",
            Item::Dict(_) => "a dictionary",
            Item::Other(noun) => noun,
        }
    }
}

/// The events of a file, read with a bound.
struct Events<'a, I> {
    inner: I,
    left: usize,
    /// The text that places are counted in; none in a binary file.
    xml: Option<&'a str>,
}

impl<I> Events<'_, I>
where
    I: Iterator<Item = Result<Event<'static>, plist::Error>>,
{
    fn root(&mut self) -> Result<Item, String> {
        match self.next()? {
            Some(event) => self.item(event, DEEPEST),
            None => Err("holds no value: it is no property list".to_owned()),
        }
    }

    fn item(&mut self, event: Event<'static>, deeper: usize) -> Result<Item, String> {
        let Some(deeper) = deeper.checked_sub(1) else {
            return Err(format!("nests values more than {DEEPEST} deep"));
        };
        Ok(match event {
            Event::StartArray(_) => {
                let mut items = Vec::new();
                loop {
                    match self.inside()? {
                        Event::EndCollection => break Item::Array(items),
                        event => items.push(self.item(event, deeper)?),
                    }
                }
            }
            Event::StartDictionary(_) => {
                let mut keys = Vec::new();
                loop {
                    match self.inside()? {
                        Event::EndCollection => break Item::Dict(keys),
                        Event::String(key) => match self.inside()? {
                            Event::EndCollection => {
                                return Err(format!("has the key {key} without a value"));
                            }
                            event => keys.push((key.into_owned(), self.item(event, deeper)?)),
                        },
                        _ => return Err("has a value without a key in a dictionary".to_owned()),
                    }
                }
            }
            Event::String(text) => Item::Text(text.into_owned()),
            Event::Boolean(boolean) => Item::Boolean(boolean),
            Event::Integer(_) | Event::Real(_) => Item::Other("a number"),
            Event::Date(_) => Item::Other("a date"),
            Event::Data(_) => Item::Other("data"),
            Event::EndCollection => return Err("closes what was never opened".to_owned()),
            _ => Item::Other("of an unknown kind"),
        })
    }

    /// An event that has to come, because something is still open.
    fn inside(&mut self) -> Result<Event<'static>, String> {
        match self.next()? {
            Some(event) => Ok(event),
            None => Err(match self.xml {
                Some(xml) => format!(
                    "ends too early, in line {}",
                    line_at(xml, xml.trim_end().len())
                ),
                None => "ends too early".to_owned(),
            }),
        }
    }

    fn next(&mut self) -> Result<Option<Event<'static>>, String> {
        let Some(event) = self.inner.next() else {
            return Ok(None);
        };
        let event = event.map_err(|error| self.place(&error))?;
        let cost = match &event {
            Event::String(text) => text.len(),
            Event::Data(data) => data.len(),
            // The references of a binary collection are read at once.
            Event::StartArray(Some(length)) | Event::StartDictionary(Some(length)) => {
                usize::try_from(*length)
                    .unwrap_or(usize::MAX)
                    .saturating_mul(ONE_VALUE)
            }
            _ => 0,
        };
        match self.left.checked_sub(cost.saturating_add(ONE_VALUE)) {
            Some(left) => self.left = left,
            None => return Err("unfolds to more than any job plist holds".to_owned()),
        }
        Ok(Some(event))
    }

    /// The crate's `UnclosedXmlElement (offset 812)` for people, with the line where there are lines.
    fn place(&self, error: &plist::Error) -> String {
        let told = error.to_string();
        let (kind, offset) = match told.rsplit_once(" (offset ") {
            Some((kind, offset)) => (kind, offset.trim_end_matches(')').parse::<usize>().ok()),
            None => (told.as_str(), None),
        };
        let kind = kind.split(['(', '{']).next().unwrap_or_default().trim();
        let mut words = String::new();
        for c in kind.chars() {
            if c.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
        match (offset, self.xml) {
            (Some(offset), Some(xml)) => format!(
                "is a broken property list, in line {}: {words}",
                line_at(xml, offset)
            ),
            (Some(offset), None) => format!("is a broken property list, at byte {offset}: {words}"),
            (None, _) => format!("is a broken property list: {words}"),
        }
    }
}
