// A client that is told when people sign out (OpenID Connect Back-Channel Logout): npm openid-client signs Ada in, npm jose verifies the
// logout token, as an application would with both.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { ADA, SIGNED_OUT, discover, register, request, walk } from './journey.mjs'
import { Person } from './person.mjs'
import { Visage } from './visage.mjs'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

let visage
let receiver

/** Where logout tokens arrive; `failures` are answered 503 first. */
class Receiver {
  constructor() {
    this.waiting = []
    this.arrived = []
    this.failures = 0
    this.server = createServer(async (asked, answer) => {
      let body = ''
      for await (const part of asked) body += part
      const refuse = this.failures-- > 0
      answer.writeHead(refuse ? 503 : 200).end()
      if (!refuse) this.take(new URLSearchParams(body).get('logout_token'))
    })
  }

  listen() {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', () => {
      this.address = `http://127.0.0.1:${this.server.address().port}/backchannel`
      resolve()
    }))
  }

  take(token) {
    const next = this.waiting.shift()
    if (next) next(token)
    else this.arrived.push(token)
  }

  token(seconds = 30) {
    if (this.arrived.length) return Promise.resolve(this.arrived.shift())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no logout token within ${seconds} s\n${visage.log.slice(-2000)}`)), seconds * 1000)
      this.waiting.push((token) => { clearTimeout(timer); resolve(token) })
    })
  }
}

before(async () => {
  receiver = new Receiver()
  await receiver.listen()
  visage = await Visage.prepare({ VISAGE_OUTBOUND__ALLOW_NETWORKS: '["127.0.0.0/8"]' })
  visage.addPerson(ADA)
  await visage.start()
})
after(async () => {
  receiver.server.close()
  await visage?.stop()
})

async function signedIn(more = {}) {
  const client = register(visage, { backchannel_logout_uri: receiver.address, backchannel_logout_session_required: true, ...more })
  const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret))
  const metadata = config.serverMetadata()
  assert.ok(metadata.backchannel_logout_supported && metadata.backchannel_logout_session_supported)
  const { parameters, checks } = await request({ scope: 'openid email' })
  const browser = new Person()
  const tokens = await oidc.authorizationCodeGrant(config, await walk(oidc.buildAuthorizationUrl(config, parameters), browser), checks)
  return { client, config, tokens, browser }
}

/** What an application checks before it ends its own session (section 2.6). */
async function verified(token, config, tokens) {
  const { issuer, jwks_uri } = config.serverMetadata()
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), {
    issuer, audience: config.clientMetadata().client_id, typ: 'logout+jwt', requiredClaims: ['iat', 'exp', 'jti', 'events', 'sid'], maxTokenAge: 120,
  })
  assert.deepEqual(payload.events, { [EVENT]: {} })
  assert.equal(payload.nonce, undefined)
  assert.equal(payload.sid, tokens.claims().sid)
  assert.equal(payload.sub, tokens.claims().sub)
  return payload
}

describe('back-channel logout', () => {
  // A pairwise client hears of the person and the session by the names that its ID token had.
  for (const subject_type of ['public', 'pairwise']) test(`signing out at one ${subject_type} client tells it`, async () => {
    const { config, tokens, browser } = await signedIn({ subject_type })
    const leave = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: SIGNED_OUT })
    await browser.visit(leave.href, { until: (address) => address.startsWith(SIGNED_OUT) })
    await verified(await receiver.token(), config, tokens)
    // Without offline_access the tokens end with the session (S100).
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), (error) => error.status === 401)
  })

  test('and a client that was away is told when it is back', async () => {
    const { config, tokens, browser } = await signedIn()
    receiver.failures = 1
    const leave = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: SIGNED_OUT })
    await browser.visit(leave.href, { until: (address) => address.startsWith(SIGNED_OUT) })
    await verified(await receiver.token(90), config, tokens)
  })

  test('a person who is disabled is signed out everywhere', async () => {
    const { config, tokens } = await signedIn()
    visage.command(['user', 'disable', ADA.email])
    await verified(await receiver.token(), config, tokens)
    visage.command(['user', 'enable', ADA.email])
  })
})
