//! Parameters on their way to the server.
//!
//! Each kind of value goes to the types that are exactly its own, as in Spin: an
//! `int64` is no `integer`, and text is no `uuid`; the statement casts where it must
//! (`$1::text::uuid`). A null goes to every type.

use bytes::BytesMut;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use tokio_postgres::types::{IsNull, ToSql, Type};

use crate::{Error, ParameterValue};

/// Days from the first of January of the year 1 to that of 2000, PostgreSQL's epoch,
/// as chrono counts them.
pub(crate) const EPOCH_DAY: i32 = 730_120;

/// The same in microseconds from 1970.
pub(crate) const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

/// A parameter as the binary protocol has it.
pub(crate) enum Wire<'a> {
    Null,
    One([u8; 1]),
    Two([u8; 2]),
    Four([u8; 4]),
    Eight([u8; 8]),
    Many(&'a [u8]),
}

/// Converts parameters to the types that a statement takes.
///
/// # Errors
/// `bad-parameter`, with the place.
pub(crate) fn bind<'a>(
    values: &'a [ParameterValue],
    types: &[Type],
) -> Result<Vec<Wire<'a>>, Error> {
    if values.len() != types.len() {
        return Err(Error::BadParameter(format!(
            "the statement takes {} parameters, not {}",
            types.len(),
            values.len()
        )));
    }
    let pairs = values.iter().zip(types).enumerate();
    pairs
        .map(|(index, (value, kind))| {
            convert(value, kind)
                .map_err(|reason| Error::BadParameter(format!("`${}` {reason}", index + 1)))
        })
        .collect()
}

/// About how many bytes they take.
pub(crate) fn size(values: &[ParameterValue]) -> usize {
    let each = values.iter().map(|value| match value {
        ParameterValue::Str(text) => text.len(),
        ParameterValue::Binary(bytes) => bytes.len(),
        _ => 8,
    });
    each.fold(0, usize::saturating_add)
}

fn convert<'a>(value: &'a ParameterValue, kind: &Type) -> Result<Wire<'a>, String> {
    let (wire, own, name) = match value {
        ParameterValue::DbNull => return Ok(Wire::Null),
        ParameterValue::Boolean(value) => {
            (Wire::One([u8::from(*value)]), &[Type::BOOL][..], "boolean")
        }
        ParameterValue::Int8(value) => (Wire::One(value.to_be_bytes()), &[Type::CHAR][..], "int8"),
        ParameterValue::Int16(value) => {
            (Wire::Two(value.to_be_bytes()), &[Type::INT2][..], "int16")
        }
        ParameterValue::Int32(value) => {
            (Wire::Four(value.to_be_bytes()), &[Type::INT4][..], "int32")
        }
        ParameterValue::Int64(value) => {
            (Wire::Eight(value.to_be_bytes()), &[Type::INT8][..], "int64")
        }
        ParameterValue::Floating32(value) => (
            Wire::Four(value.to_be_bytes()),
            &[Type::FLOAT4][..],
            "floating32",
        ),
        ParameterValue::Floating64(value) => (
            Wire::Eight(value.to_be_bytes()),
            &[Type::FLOAT8][..],
            "floating64",
        ),
        ParameterValue::Str(value) => (Wire::Many(value.as_bytes()), &TEXT[..], "str"),
        ParameterValue::Binary(value) => (Wire::Many(value), &[Type::BYTEA][..], "binary"),
        ParameterValue::Date(value) => (days(*value)?, &[Type::DATE][..], "date"),
        ParameterValue::Time(value) => (time_of_day(*value)?, &[Type::TIME][..], "time"),
        ParameterValue::Datetime(value) => (datetime(*value)?, &[Type::TIMESTAMP][..], "datetime"),
        ParameterValue::Timestamp(value) => {
            (seconds(*value)?, &[Type::TIMESTAMPTZ][..], "timestamp")
        }
    };
    if !own.contains(kind) {
        return Err(format!(
            "is of type `{}`, which a {name} is not given to",
            kind.name()
        ));
    }
    if let ParameterValue::Str(value) = value
        && value.contains('\0')
    {
        return Err("holds U+0000, which PostgreSQL's text cannot".into());
    }
    Ok(wire)
}

/// Types that text is given to.
const TEXT: [Type; 5] = [
    Type::TEXT,
    Type::VARCHAR,
    Type::BPCHAR,
    Type::NAME,
    Type::UNKNOWN,
];

fn days((year, month, day): (i32, u8, u8)) -> Result<Wire<'static>, String> {
    let days = date(year, month, day)?.num_days_from_ce() - EPOCH_DAY;
    Ok(Wire::Four(days.to_be_bytes()))
}

/// Nanoseconds are cut to microseconds, PostgreSQL's unit.
fn time_of_day(
    (hour, minute, second, nanosecond): (u8, u8, u8, u32),
) -> Result<Wire<'static>, String> {
    let time = time(hour, minute, second, nanosecond)?;
    let whole = i64::from(time.num_seconds_from_midnight()) * 1_000_000;
    let microseconds = whole + i64::from(time.nanosecond() / 1000);
    Ok(Wire::Eight(microseconds.to_be_bytes()))
}

fn datetime(
    (year, month, day, hour, minute, second, nanosecond): (i32, u8, u8, u8, u8, u8, u32),
) -> Result<Wire<'static>, String> {
    let time = time(hour, minute, second, nanosecond)?;
    let instant = NaiveDateTime::new(date(year, month, day)?, time).and_utc();
    // In range for every date that chrono has.
    let microseconds = instant.timestamp_micros().checked_sub(EPOCH_MICROSECONDS);
    let microseconds = microseconds.ok_or("is out of range")?;
    Ok(Wire::Eight(microseconds.to_be_bytes()))
}

fn seconds(seconds: i64) -> Result<Wire<'static>, String> {
    let microseconds = seconds
        .checked_mul(1_000_000)
        .and_then(|microseconds| microseconds.checked_sub(EPOCH_MICROSECONDS));
    let microseconds = microseconds.ok_or("is a timestamp out of range")?;
    Ok(Wire::Eight(microseconds.to_be_bytes()))
}

fn date(year: i32, month: u8, day: u8) -> Result<NaiveDate, String> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .ok_or_else(|| format!("is no date: {year}-{month}-{day}"))
}

fn time(hour: u8, minute: u8, second: u8, nanosecond: u32) -> Result<NaiveTime, String> {
    // chrono has leap seconds as nanoseconds past 1,000,000,000; PostgreSQL has none.
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond)
        .filter(|_| nanosecond < 1_000_000_000)
        .ok_or_else(|| format!("is no time of day: {hour}:{minute}:{second} and {nanosecond} ns"))
}

impl ToSql for Wire<'_> {
    fn to_sql(
        &self,
        _kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::One(bytes) => out.extend_from_slice(bytes),
            Self::Two(bytes) => out.extend_from_slice(bytes),
            Self::Four(bytes) => out.extend_from_slice(bytes),
            Self::Eight(bytes) => out.extend_from_slice(bytes),
            Self::Many(bytes) => out.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }

    /// The types were looked at in [`bind`].
    fn accepts(_kind: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(kind, out)
    }
}

/// Without the value: tokio-postgres writes this to its log.
impl std::fmt::Debug for Wire<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}
