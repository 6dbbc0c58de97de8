// A running Visage for the tests in this folder and in ../browser: the real binary on a free port, on a
// fresh database and folder, with people and clients added through its own commands.
//
// VISAGE_BINARY is the program; VISAGE_TEST_DATABASE=postgres takes a new database of
// VISAGE_TEST_POSTGRES_URL instead of SQLite.

import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const BINARY = process.env.VISAGE_BINARY ?? 'visage'

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

function freshPostgres() {
  const admin = new URL(process.env.VISAGE_TEST_POSTGRES_URL)
  const name = `visage_${randomBytes(6).toString('hex')}`
  const made = spawnSync('psql', [admin.href, '-qc', `CREATE DATABASE ${name}`], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`CREATE DATABASE: ${made.stderr ?? made.error}`)
  admin.pathname = `/${name}`
  admin.searchParams.set('sslmode', 'require')
  return admin.href
}

export class Visage {
  /** Prepares a folder and a database; nothing runs yet. `settings` are environment variables, or make them of the folder. */
  static async prepare(settings = {}) {
    const visage = new Visage()
    visage.folder = mkdtempSync(join(tmpdir(), 'visage-client-'))
    visage.port = await freePort()
    visage.issuer = `http://localhost:${visage.port}`
    if (typeof settings === 'function') settings = await settings(visage)
    visage.environment = {
      ...process.env,
      VISAGE_SERVER__LISTEN: `127.0.0.1:${visage.port}`,
      VISAGE_SERVER__PUBLIC_URL: visage.issuer,
      VISAGE_DATABASE__URL:
        process.env.VISAGE_TEST_DATABASE === 'postgres' ? freshPostgres() : `sqlite://${visage.folder}/visage.db`,
      VISAGE_KEYS__DIR: join(visage.folder, 'keys'),
      VISAGE_PHOTOS__STORE: `file://${visage.folder}/photos`,
      VISAGE_PHOTOS__DELETE_AFTER: '1s',
      ...settings,
    }
    try {
      visage.command(['migrate'])
    } catch (error) {
      await visage.stop()
      throw error
    }
    return visage
  }

  /** Runs one of the commands; returns what it printed. */
  command(words, input = '') {
    const done = spawnSync(BINARY, words, { env: this.environment, cwd: this.folder, input, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`visage ${words.join(' ')}: ${done.error ?? done.stderr}`)
    return done.stdout
  }

  /** Adds a person; `claims` are standard claims. */
  addPerson({ email, name, password, admin = false, claims = {} }) {
    const file = join(this.folder, 'claims.json')
    writeFileSync(file, JSON.stringify(claims))
    const words = ['user', 'add', '--email', email, '--name', name, '--claims', file, '--json']
    return JSON.parse(this.command(admin ? [...words, '--admin'] : words, `${password}\n`))
  }

  /** Adds a client with the given options of `visage client add`; returns its JSON. */
  addClient(...words) {
    return JSON.parse(this.command(['client', 'add', ...words, '--json']))
  }

  /** Starts the server and waits until it is ready. */
  async start() {
    const log = openSync(join(this.folder, 'log'), 'a')
    this.process = spawn(BINARY, ['serve'], { env: this.environment, cwd: this.folder, stdio: ['ignore', log, log] })
    const exited = new Promise((resolve) => this.process.once('exit', resolve))
    this.exited = exited
    for (let attempt = 0; attempt < 200; attempt++) {
      const up = await fetch(`${this.health ?? this.issuer}/health/ready`).then((answer) => answer.ok, () => false)
      if (up) return this
      if (this.process.exitCode !== null) break
      await sleep(50)
    }
    await this.stop()
    throw new Error(`visage serve did not start:\n${this.log}`)
  }

  get log() {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  /** Stops the server as an operator would and returns its exit code. */
  async stop({ keep = false } = {}) {
    this.process?.kill('SIGTERM')
    const code = await this.exited
    if (!keep) rmSync(this.folder, { recursive: true, force: true })
    return code
  }
}
