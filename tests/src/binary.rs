//! The real binary as a child process: for commands, for two servers on one database, and for being killed.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

/// `target/debug/visage`, built if need be: cargo tells no test package where another package's binary is.
pub fn path() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(given) = std::env::var_os("VISAGE_TEST_BINARY") {
            return given.into();
        }
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "visage", "--bin", "visage"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the binary does not build");
        let own = std::env::current_exe().unwrap();
        own.ancestors().nth(2).unwrap().join("visage")
    })
    .clone()
}

/// A port that was free a moment ago, below those that the system gives to outgoing connections: one of these would take
/// the port of a server that is being started again.
pub fn free_port() -> u16 {
    loop {
        let port = 10_000 + u16::from_be_bytes(keyring::Random::system().bytes()) % 22_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A command, run to its end, with `input` on its standard input.
pub fn run(arguments: &[&str], environment: &[(String, String)], input: &str) -> Output {
    let mut child = command(arguments, environment).stdin(Stdio::piped()).spawn().expect("the binary starts");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn command(arguments: &[&str], environment: &[(String, String)]) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VISAGE_")) {
        command.env_remove(name);
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// A command that runs beside the test; dropped, it is killed.
pub struct Running(Child);

/// Starts a command and does not wait for it.
pub fn spawn(arguments: &[&str], environment: &[(String, String)]) -> Running {
    let mut command = command(arguments, environment);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().expect("the binary starts"))
}

impl Running {
    /// Whether it ended, and well.
    pub fn ended(&mut self) -> Option<bool> {
        self.0.try_wait().unwrap().map(|status| status.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running server.
pub struct Server {
    child: Child,
    /// Everything that it wrote so far.
    pub log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts `visage serve` and waits until it is ready at `origin`.
    pub async fn start(origin: &str, environment: &[(String, String)]) -> Self {
        let mut child =
            command(&["serve"], environment).stdin(Stdio::null()).spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        keep(child.stdout.take().unwrap(), &log);
        keep(child.stderr.take().unwrap(), &log);
        let http = crate::http();
        for _ in 0..600 {
            if let Ok(answer) = http.get(format!("{origin}/health/ready")).send().await
                && answer.status().is_success()
            {
                return Self { child, log };
            }
            if let Some(status) = child.try_wait().unwrap() {
                tokio::time::sleep(Duration::from_millis(100)).await;
                panic!("the server ended at once ({status}):\n{}", log.lock().unwrap());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server is not ready:\n{}", log.lock().unwrap());
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing in the process can run any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit code it ends with.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(stream: impl Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = log.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// The most memory that a process ever held at once (Linux).
pub fn peak_memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process on Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its peak");
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A command that is killed after a moment, if it still runs then.
pub fn run_and_kill(arguments: &[&str], environment: &[(String, String)], after: Duration) {
    let mut child = command(arguments, environment).stdin(Stdio::null()).spawn().expect("the binary starts");
    std::thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap();
}
