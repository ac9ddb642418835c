//! Serves the `tfrecord` crate over the line protocol of bench/against (see README.md there).
//!
//! Reads with `BytesIter`, with and without `check_integrity`, and writes with `BytesWriter`. The
//! measured time covers one pass over the file.

use serde_json::{json, Value};
use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::time::Instant;
use tfrecord::{BytesIter, BytesWriter, RecordReaderConfig};

type Outcome = Result<Value, Box<dyn Error>>;

/// Version of the measured crate, the same as in Cargo.toml.
const CRATE_VERSION: &str = "0.15.0";

/// Maximum bytes of distinct records; longer sequences repeat them.
const POOL_BYTES: usize = 16 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", ready())?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        if request["op"] == "exit" {
            break;
        }
        let mut answer = match perform(&request) {
            Ok(answer) => answer,
            Err(error) => json!({ "error": error.to_string() }),
        };
        answer["id"] = request["id"].clone();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn ready() -> Value {
    json!({
        "ready": true,
        "name": "rust",
        "version": CRATE_VERSION,
        "modes": { "read": ["BytesIter", "BytesIter unchecked"], "write": ["BytesWriter"] },
    })
}

fn perform(request: &Value) -> Outcome {
    let op = request["op"].as_str().unwrap_or_default();
    let mode = request["mode"].as_str().unwrap_or_default();
    let path = request["path"].as_str().ok_or("path is missing")?;
    match (op, mode) {
        ("read", "BytesIter") => read(path, true, limit(request)),
        ("read", "BytesIter unchecked") => read(path, false, limit(request)),
        ("write", "BytesWriter") => write(path, request),
        _ => Err(format!("no such mode: {op} {mode}").into()),
    }
}

fn limit(request: &Value) -> usize {
    request["limit"].as_u64().map_or(usize::MAX, |n| n as usize)
}

fn read(path: &str, check_integrity: bool, limit: usize) -> Outcome {
    let start = Instant::now();
    let (mut records, mut bytes) = (0u64, 0u64);
    for record in BytesIter::open(path, RecordReaderConfig { check_integrity })?.take(limit) {
        let record = record?;
        records += 1;
        bytes += record.len() as u64;
        black_box(record.as_slice());
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({ "seconds": seconds, "records": records, "bytes": bytes }))
}

fn write(path: &str, request: &Value) -> Outcome {
    let number = |key: &str| request[key].as_u64().ok_or(format!("{key} is missing"));
    let (count, size) = (number("count")? as usize, number("size")? as usize);
    // `send` takes ownership of the record, so create all records before the measured time.
    let pool = payload_pool(count, size, request["seed"].as_u64().unwrap_or(0) as u32);
    let records: Vec<Vec<u8>> = pool.iter().cycle().take(count).cloned().collect();
    drop(pool);

    let start = Instant::now();
    let mut writer: BytesWriter<_> = BytesWriter::create(path)?;
    for record in records {
        writer.send(record)?;
    }
    writer.flush()?;
    drop(writer);
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({ "seconds": seconds, "records": count, "bytes": count * size }))
}

/// Returns the records that every peer writes for the same count, size, and seed (see README.md).
fn payload_pool(count: usize, size: usize, seed: u32) -> Vec<Vec<u8>> {
    let distinct = count.min((POOL_BYTES / size.max(1)).max(1));
    let start = seed.wrapping_mul(0x9e37_79b9);
    let words = (distinct * size).div_ceil(4) as u32;
    let bytes: Vec<u8> = (0..words).flat_map(|i| mix(start.wrapping_add(i)).to_le_bytes()).collect();
    (0..distinct).map(|k| bytes[k * size..(k + 1) * size].to_vec()).collect()
}

/// The finalizer of MurmurHash3: one pseudorandom word per counter value.
fn mix(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}
