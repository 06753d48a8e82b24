//! Values on their way from the server.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::parameter::{EPOCH_DAY, EPOCH_MICROSECONDS};
use crate::{DbDataType, DbValue, Error};

/// The type of a column. As in Spin, `timestamp without time zone` is called
/// `timestamp` here though its values are each a `datetime`.
pub(crate) fn data_type(kind: &Type) -> DbDataType {
    match *kind {
        Type::BOOL => DbDataType::Boolean,
        Type::CHAR => DbDataType::Int8,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => DbDataType::Str,
        Type::BYTEA => DbDataType::Binary,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::TIMESTAMP => DbDataType::Timestamp,
        _ => DbDataType::Other,
    }
}

/// The values of a row.
///
/// # Errors
/// `value-conversion-failed`, with the column, for a value of a known type that the
/// interface cannot express. Those of other types are `unsupported`.
pub(crate) fn take(row: &Row) -> Result<Vec<DbValue>, Error> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(index, column)| {
            let failed = |reason: &str| {
                Error::ValueConversionFailed(format!("column `{}`: {reason}", column.name()))
            };
            let Raw(raw) = row
                .try_get(index)
                .map_err(|_| failed("it cannot be read"))?;
            let value = raw.map_or(Ok(DbValue::DbNull), |raw| convert(column.type_(), raw));
            value.map_err(failed)
        })
        .collect()
}

/// A value as the binary protocol has it, of any type.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(
        _kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_kind: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

fn convert(kind: &Type, raw: &[u8]) -> Result<DbValue, &'static str> {
    Ok(match *kind {
        Type::BOOL => DbValue::Boolean(fixed::<1>(raw)? != [0]),
        Type::CHAR => DbValue::Int8(i8::from_be_bytes(fixed(raw)?)),
        Type::INT2 => DbValue::Int16(i16::from_be_bytes(fixed(raw)?)),
        Type::INT4 => DbValue::Int32(i32::from_be_bytes(fixed(raw)?)),
        Type::INT8 => DbValue::Int64(i64::from_be_bytes(fixed(raw)?)),
        Type::FLOAT4 => DbValue::Floating32(f32::from_be_bytes(fixed(raw)?)),
        Type::FLOAT8 => DbValue::Floating64(f64::from_be_bytes(fixed(raw)?)),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => {
            let text = std::str::from_utf8(raw).map_err(|_| "the text is not UTF-8")?;
            DbValue::Str(text.to_owned())
        }
        Type::BYTEA => DbValue::Binary(raw.to_owned()),
        Type::DATE => date(i32::from_be_bytes(fixed(raw)?))?,
        Type::TIME => time(i64::from_be_bytes(fixed(raw)?))?,
        Type::TIMESTAMP => datetime(i64::from_be_bytes(fixed(raw)?))?,
        _ => DbValue::Unsupported,
    })
}

fn fixed<const LENGTH: usize>(raw: &[u8]) -> Result<[u8; LENGTH], &'static str> {
    raw.try_into()
        .map_err(|_| "the value is of an unexpected length")
}

/// From days since 2000.
fn date(days: i32) -> Result<DbValue, &'static str> {
    let date = days
        .checked_add(EPOCH_DAY)
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .ok_or("the date is infinite or out of range")?;
    Ok(DbValue::Date((
        date.year(),
        byte(date.month())?,
        byte(date.day())?,
    )))
}

/// From microseconds since midnight; PostgreSQL also has 24:00.
fn time(microseconds: i64) -> Result<DbValue, &'static str> {
    let seconds = u32::try_from(microseconds.div_euclid(1_000_000)).unwrap_or(u32::MAX);
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds(microseconds));
    let time = time.ok_or("the time is 24:00")?;
    Ok(DbValue::Time((
        byte(time.hour())?,
        byte(time.minute())?,
        byte(time.second())?,
        time.nanosecond(),
    )))
}

/// From microseconds since 2000.
fn datetime(microseconds: i64) -> Result<DbValue, &'static str> {
    let instant = microseconds
        .checked_add(EPOCH_MICROSECONDS)
        .filter(|_| microseconds != i64::MIN)
        .and_then(DateTime::from_timestamp_micros)
        .ok_or("the timestamp is infinite or out of range")?;
    Ok(DbValue::Datetime((
        instant.year(),
        byte(instant.month())?,
        byte(instant.day())?,
        byte(instant.hour())?,
        byte(instant.minute())?,
        byte(instant.second())?,
        instant.nanosecond(),
    )))
}

fn nanoseconds(microseconds: i64) -> u32 {
    let part = u32::try_from(microseconds.rem_euclid(1_000_000)).unwrap_or_default();
    part * 1000
}

fn byte(value: u32) -> Result<u8, &'static str> {
    u8::try_from(value).map_err(|_| "the value is out of range")
}
