// The frame that clients watch the session with (OpenID Connect Session Management 1.0, section 3.2), as a script alone: what
// it answers to whom. In a real browser: tests/browser/logout.test.mjs.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import vm from 'node:vm'

const SCRIPT = readFileSync(new URL('../../crates/views/assets/check-session.js', import.meta.url), 'utf8')
const CLIENT = 'https://app.example'

// What the frame says to a page of `from` that asks with `data`, in a browser with these cookies.
function answer(data, { cookie, from = CLIENT, parent = CLIENT }) {
  let listener
  const window = { location: { ancestorOrigins: [parent] }, addEventListener: (_, listen) => (listener = listen) }
  vm.runInNewContext(SCRIPT, { window, document: { cookie, referrer: '' }, encodeURIComponent, unescape })
  const heard = []
  listener({ data, origin: from, source: { postMessage: (text) => heard.push(text) } })
  return heard[0]
}

const state = (browser, salt = 'salt') =>
  `c1 ${createHash('sha256').update(`c1 ${CLIENT} ${browser} ${salt}`).digest('hex')}.${salt}`

test('a client hears whether its session goes on', () => {
  const cookie = 'a=b; __Host-visage-state=s1'
  assert.equal(answer(state('s1'), { cookie }), 'unchanged')
  assert.equal(answer(state('s2'), { cookie }), 'changed')
  assert.equal(answer('c1 x', { cookie }), 'error')
  assert.equal(answer(state('s1'), { cookie, from: 'https://evil.example' }), undefined)
})

test('no site learns that nobody is signed in', () => {
  for (const cookie of ['', 'a=b', '__Host-visage-state=']) {
    for (const browser of ['', 'null', 'undefined', 's1']) {
      assert.equal(answer(state(browser), { cookie }), 'changed', `${cookie} ${browser}`)
    }
  }
})
