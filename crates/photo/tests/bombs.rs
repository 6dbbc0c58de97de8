//! Hostile pictures against the memory of the process. Alone in its binary, one test, so that the peak is ours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "photo/samples.rs"]
mod samples;

use photo::image::{Limits, Refusal, inspect, render};
use std::fs;
use std::time::Duration;

const MB: u64 = 1024 * 1024;

/// The most that any of these may add to the process: the budget of one job and a little.
const MOST: u64 = 210 * MB;

// S126, F40, I9 and issue 3, "Bad images"
#[test]
fn bombs_are_refused_or_stay_small() {
    let huge = samples::zeros(1 << 28);
    let iccp = [b"x\0\0", &huge[..]].concat();
    let refused = [
        (
            "png with an iCCP of 256 MB",
            samples::png(64, 64, 8, 2, &samples::chunk(b"iCCP", &iccp), &samples::zeros(64 * 193)),
        ),
        ("png 50000x50000", samples::png(50_000, 50_000, 8, 0, b"", &samples::zeros(50 << 20))),
        ("png 50000x50000, one bit", samples::png(50_000, 50_000, 1, 0, b"", &samples::zeros(6251 * 50_000))),
        ("png 8192x8192, 16 bit rgba", samples::png(8192, 8192, 16, 6, b"", &samples::zeros(100 << 20))),
        ("png 0x0", samples::png(0, 0, 8, 2, b"", &samples::zeros(0))),
        ("png 100000x1", samples::png(100_000, 1, 8, 2, b"", &samples::zeros(300_001))),
        (
            "png of 300000 texts",
            samples::png(
                64,
                64,
                8,
                2,
                &samples::chunk(b"tEXt", b"a\0").repeat(300_000),
                &samples::zeros(64 * 193),
            ),
        ),
        ("gif 65535x65535", samples::gif(65_535, 65_535, 1)),
        ("gif 8000x8000", samples::gif(8000, 8000, 1)),
        ("gif of 200000 frames", samples::gif(2000, 2000, 200_000)),
        ("webp 65000x65000", samples::webp_animation(65_000, 65_000, 1)),
        ("webp 16000x16000", samples::webp_animation(16_000, 16_000, 2)),
        ("webp of 60000 frames", samples::webp_animation(2000, 2000, 60_000)),
        ("webp with a chunk of 4 GiB", samples::webp_lying_chunk()),
        ("jpeg 65500x65500, cut", samples::flat_jpeg(0xc0, 8, 65_500, 65_500, &samples::COLOR, 1000)),
        ("jpeg 6300x6300, cut", samples::flat_jpeg(0xc0, 8, 6300, 6300, &samples::COLOR, 1000)),
        ("jpeg of 20000 scans", samples::scan_bomb(2000, 20_000)),
        ("jpeg of 90 scans, 6300x6300", samples::scan_bomb(6300, 90)),
        ("jpeg progressive 20000x20000", samples::scan_bomb(20_000, 1)),
        ("jpeg of 1.2 million comments", comments()),
        ("jpeg, arithmetic", samples::flat_jpeg(0xc9, 8, 64, 64, &samples::GRAY, 20)),
        ("jpeg, 12 bit", samples::flat_jpeg(0xc1, 12, 64, 64, &samples::GRAY, 20)),
        ("jpeg, lossless", samples::flat_jpeg(0xc3, 8, 64, 64, &samples::GRAY, 20)),
    ];
    for (name, file) in refused {
        let (outcome, grown, spent) = run(name, &file);
        assert!(outcome.is_err(), "{name} was taken");
        assert!(grown < 20 * MB, "{name} took {} MB to refuse", grown / MB);
        assert!(spent < Duration::from_secs(2), "{name} took {spent:?} to refuse");
    }

    let ztxt = [b"k\0\0", &huge[..]].concat();
    let taken_or_not = [
        (
            "png with a zTXt of 256 MB",
            samples::png(64, 64, 8, 2, &samples::chunk(b"zTXt", &ztxt).repeat(4), &samples::zeros(64 * 193)),
        ),
        ("png with 256 MB too much data", samples::png(64, 64, 8, 2, b"", &huge)),
        (
            "png with 4 MB of EXIF",
            samples::png(
                64,
                64,
                8,
                2,
                &samples::chunk(b"eXIf", &vec![0; 4_000_000]),
                &samples::zeros(64 * 193),
            ),
        ),
        ("png 6300x6300 of zeros", samples::png(6300, 6300, 8, 6, b"", &samples::zeros(6300 * 25_201))),
        ("jpeg progressive 4900x4900, 28 scans", samples::scan_bomb(4900, 28)),
        ("jpeg 6300x6300 gray", samples::flat_jpeg(0xc0, 8, 6300, 6300, &samples::GRAY, 788 * 788 / 4 + 1)),
        ("gif 6300x6300", samples::gif(6300, 6300, 1)),
    ];
    for (name, file) in taken_or_not {
        let (outcome, grown, spent) = run(name, &file);
        println!("{name}: {outcome:?}, {} MB, {spent:?}", grown / MB);
        assert!(grown < MOST, "{name} took {} MB", grown / MB);
        assert!(spent < Duration::from_secs(10), "{name} took {spent:?}");
    }
}

fn comments() -> Vec<u8> {
    let picture = samples::flat_jpeg(0xc0, 8, 64, 64, &samples::GRAY, 20);
    [&picture[..2], &samples::segment(0xfe, b"").repeat(1_200_000), &picture[2..]].concat()
}

fn run(name: &str, file: &[u8]) -> (Result<usize, Refusal>, u64, Duration) {
    let limits = Limits::default();
    assert!(file.len() <= limits.bytes, "{name} itself is too large: {}", file.len());
    // Linux: 5 resets the peak.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let watch = Watch::start();
    let outcome = inspect(file, photo::image::Shape::Square(None), &limits)
        .and_then(|inspected| render(&inspected, &limits));
    (outcome.map(|rendition| rendition.variants.len()), peak().saturating_sub(before), watch.spent())
}

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// CPU time of this process, so that a busy machine does not fail the test.
struct Watch(u64);

impl Watch {
    fn start() -> Self {
        Self(Self::ticks())
    }

    fn spent(&self) -> Duration {
        Duration::from_millis((Self::ticks() - self.0) * 10)
    }

    /// User and system time in hundredths of a second.
    fn ticks() -> u64 {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}
