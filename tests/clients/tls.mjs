// Certificates for tests, made by openssl, and a `fetch` that shows one: Node's own can do neither.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'

function openssl(folder, ...words) {
  const done = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`openssl ${words.join(' ')}: ${done.stderr ?? done.error}`)
}

/** An authority in `folder`; `issue` makes a key and a certificate by it, `selfSigned` one by nobody else. */
export class Authority {
  constructor(folder) {
    this.folder = folder
    this.file = this.selfSigned('ca', '/CN=Visage test authority').file
  }

  selfSigned(name, subject) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`]
    openssl(this.folder, 'req', '-x509', ...key, '-out', `${name}.crt`, '-days', '7', '-subj', subject)
    return this.pair(name)
  }

  issue(name, subject, alternative, usage = 'clientAuth') {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`]
    openssl(this.folder, 'req', ...key, '-out', `${name}.csr`, '-subj', subject)
    const extensions = `subjectAltName=${alternative}\nextendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`
    writeFileSync(join(this.folder, `${name}.ext`), extensions)
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`]
    openssl(this.folder, 'x509', '-req', '-in', `${name}.csr`, ...by, '-days', '7', '-out', `${name}.crt`)
    return this.pair(name)
  }

  pair(name) {
    const [file, keyFile] = [join(this.folder, `${name}.crt`), join(this.folder, `${name}.key`)]
    return { file, keyFile, cert: readFileSync(file), key: readFileSync(keyFile) }
  }
}

/** `fetch` over TLS that trusts `ca` and shows `cert`, if there is one; follows nothing by itself. */
export function fetchWith({ ca, cert, key }) {
  const agent = new Agent({ ca, cert, key })
  return (address, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = body === undefined || body === null ? undefined : `${body}`
      const all = { ...Object.fromEntries(new Headers(headers)) }
      if (sent !== undefined) {
        all['content-length'] = Buffer.byteLength(sent)
        all['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8'
      }
      const asked = request(address, { method, headers: all, agent }, (answer) => {
        const parts = []
        answer.on('data', (part) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const received = new Headers()
          for (let at = 0; at < answer.rawHeaders.length; at += 2) received.append(answer.rawHeaders[at], answer.rawHeaders[at + 1])
          const empty = [101, 204, 205, 304].includes(answer.statusCode)
          resolve(new Response(empty ? null : Buffer.concat(parts), { status: answer.statusCode, headers: received }))
        })
      })
      asked.on('error', reject)
      asked.end(sent)
    })
}
