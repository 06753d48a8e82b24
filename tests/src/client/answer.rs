//! Reads an answer off a connection.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Response;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Reads the final answer to a request of this method.
pub(super) async fn read<R: AsyncRead + Unpin>(reader: &mut R, method: &str) -> Result<Response> {
    let mut input = Input {
        reader,
        buffer: Vec::new(),
    };
    loop {
        let (status, headers) = read_head(&mut input).await?;
        if (100..200).contains(&status) {
            continue;
        }
        let body = read_body(&mut input, method, status, &headers).await?;
        return Ok(Response {
            status,
            headers,
            body,
        });
    }
}

async fn read_head<R: AsyncRead + Unpin>(
    input: &mut Input<'_, R>,
) -> Result<(u16, Vec<(String, String)>)> {
    let first = input.line().await?;
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.split(' ').next())
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("no status line: `{first}`"))?;
    let mut headers = Vec::new();
    loop {
        let line = input.line().await?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line
            .split_once(':')
            .with_context(|| format!("no header: `{line}`"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

async fn read_body<R: AsyncRead + Unpin>(
    input: &mut Input<'_, R>,
    method: &str,
    status: u16,
    headers: &[(String, String)],
) -> Result<Vec<u8>> {
    if method == "HEAD" || status == 204 || status == 304 {
        // Whatever follows would be a body where none may be.
        return input.rest().await;
    }
    let value = |wanted: &str| {
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value)
    };
    if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        let mut body = Vec::new();
        loop {
            let line = input.line().await?;
            let size = line.split(';').next().unwrap_or_default();
            let size =
                usize::from_str_radix(size, 16).with_context(|| format!("chunk size `{line}`"))?;
            if size == 0 {
                while !input.line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend(input.exactly(size).await?);
            if !input.line().await?.is_empty() {
                bail!("a chunk is longer than it says");
            }
        }
    }
    match value("content-length") {
        Some(length) => {
            input
                .exactly(length.parse().context("content-length")?)
                .await
        }
        None => input.rest().await,
    }
}

/// Bytes that have arrived and the way to more.
struct Input<'r, R> {
    reader: &'r mut R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Input<'_, R> {
    async fn more(&mut self) -> Result<usize> {
        if self.buffer.len() > MAX_ANSWER {
            bail!("the answer is too large");
        }
        Ok(self.reader.read_buf(&mut self.buffer).await?)
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).context("a line is no UTF-8");
            }
            if self.more().await? == 0 {
                bail!(
                    "the connection ended within a line: {:?}",
                    String::from_utf8_lossy(&self.buffer)
                );
            }
        }
    }

    async fn exactly(&mut self, count: usize) -> Result<Vec<u8>> {
        while self.buffer.len() < count {
            if self.more().await? == 0 {
                bail!(
                    "the connection ended after {} of {count} bytes",
                    self.buffer.len()
                );
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    async fn rest(&mut self) -> Result<Vec<u8>> {
        while self.more().await? != 0 {}
        Ok(std::mem::take(&mut self.buffer))
    }
}
