// npm openid-client against the running binary: a relying party that we did not write walks discovery, code
// with PKCE, the ID token, userinfo, refresh, introspection, revocation and logout, once for each way in which
// a client can prove who it is.

import assert from 'node:assert/strict'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as oidc from 'openid-client'
import { Person } from './person.mjs'
import { Visage } from './visage.mjs'

const PERSON = { email: 'ada@example.test', name: 'Ada Lovelace', password: 'a long enough pass phrase' }
const CALLBACK = 'http://localhost:9/callback' // nobody needs to listen: the person stops there
const SIGNED_OUT = 'http://localhost:9/signed-out'
const SCOPE = 'openid profile email offline_access'

let visage
let person

before(async () => {
  visage = await Visage.prepare()
  person = visage.addPerson({ ...PERSON, claims: { locale: 'en', zoneinfo: 'Europe/London' } })
  for (const way of WAYS) way.registered = register(way)
  await visage.start()
})
after(() => visage?.stop())

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const WAYS = [
  { method: 'client_secret_basic', alg: 'RS256', prove: (secret) => oidc.ClientSecretBasic(secret) },
  { method: 'client_secret_post', alg: 'ES256', prove: (secret) => oidc.ClientSecretPost(secret) },
  { method: 'private_key_jwt', alg: 'EdDSA', prove: privateKey },
  { method: 'none', alg: 'RS256', prove: () => oidc.None() },
]

async function privateKey() {
  const form = [key.privateKey.export({ format: 'jwk' }), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']]
  return oidc.PrivateKeyJwt({ key: await webcrypto.subtle.importKey('jwk', ...form), kid: 'one' })
}

/** Adds the client by its RFC 7591 registration. */
function register(way) {
  const file = join(visage.folder, `${way.method}.json`)
  const registration = {
    client_name: `openid-client with ${way.method}`,
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [SIGNED_OUT],
    grant_types: ['authorization_code', 'refresh_token', ...(way.method === 'none' ? [] : ['client_credentials'])],
    response_types: ['code'],
    token_endpoint_auth_method: way.method,
    id_token_signed_response_alg: way.alg,
  }
  if (way.method === 'private_key_jwt') {
    registration.jwks = { keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }] }
  }
  writeFileSync(file, JSON.stringify(registration))
  return visage.addClient('--metadata', file)
}

async function discover(way) {
  const { client_id, client_secret } = way.registered
  return oidc.discovery(
    new URL(visage.issuer),
    client_id,
    { client_secret, id_token_signed_response_alg: way.alg },
    await way.prove(client_secret),
    { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
  )
}

/** Walks the pages as Ada; `ask` are further parameters. Returns the tokens and her browser. */
async function signIn(config, ask = {}, browser = new Person()) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedNonce: oidc.randomNonce(), expectedState: oidc.randomState(), idTokenExpected: true }
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: SCOPE,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: checks.expectedNonce,
    state: checks.expectedState,
    ...ask,
  })
  const until = (address) => address.startsWith(CALLBACK)
  let page = await browser.visit(address.href, { until })
  if (page.html.includes('data-page="login"')) {
    page = await browser.submit(page, 'login', { username: PERSON.email, password: PERSON.password }, { until })
  }
  if (page.html.includes('data-page="consent"')) {
    page = await browser.submit(page, 'consent', {}, { pressed: ['decision', 'allow'], until })
  }
  assert.ok(until(page.address), `stopped at ${page.address} (${page.status})\n${page.html.slice(0, 3000)}`)
  const tokens = await oidc.authorizationCodeGrant(config, new URL(page.address), checks)
  return { tokens, browser, callback: new URL(page.address), checks }
}

describe('openid-client', () => {
  for (const way of WAYS) {
    test(`walks the whole main job with ${way.method}, ID token ${way.alg}`, async () => {
      const config = await discover(way)

      const { tokens, browser } = await signIn(config)
      const claims = tokens.claims()
      assert.equal(claims.iss, visage.issuer)
      assert.equal(claims.sub, person.id ?? person.sub)
      assert.equal(tokens.token_type.toLowerCase(), 'bearer')

      const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
      assert.equal(info.name, PERSON.name)
      assert.equal(info.email, PERSON.email)
      const picture = await fetch(info.picture)
      assert.equal(picture.status, 200)
      assert.match(picture.headers.get('content-type'), /^image\//)

      const again = await oidc.refreshTokenGrant(config, tokens.refresh_token)
      assert.notEqual(again.access_token, tokens.access_token)
      assert.equal((await oidc.fetchUserInfo(config, again.access_token, claims.sub)).sub, claims.sub)

      if (way.method !== 'none') {
        const state = await oidc.tokenIntrospection(config, again.access_token)
        assert.equal(state.active, true)
        assert.equal(state.sub, claims.sub)
        assert.equal(state.client_id, way.registered.client_id)
        assert.deepEqual(new Set(state.scope.split(' ')), new Set(SCOPE.split(' ')))
      }

      await oidc.tokenRevocation(config, again.access_token)
      await assert.rejects(oidc.fetchUserInfo(config, again.access_token, claims.sub), (error) => error.status === 401)
      if (way.method !== 'none') {
        assert.deepEqual(await oidc.tokenIntrospection(config, again.access_token), { active: false })
      }

      const refresh = again.refresh_token ?? tokens.refresh_token
      await oidc.tokenRevocation(config, refresh)
      await assert.rejects(oidc.refreshTokenGrant(config, refresh), (error) => error.error === 'invalid_grant')

      const leave = oidc.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: SIGNED_OUT,
        state: 'bye',
      })
      const left = await browser.visit(leave.href, { until: (address) => address.startsWith(SIGNED_OUT) })
      assert.equal(left.address, `${SIGNED_OUT}?state=bye`)
      await assert.rejects(signIn(config, { prompt: 'none' }, browser), (error) => error.error === 'login_required')
    })
  }

  test('client credentials give a token that introspection knows', async () => {
    const config = await discover(WAYS[0])
    const tokens = await oidc.clientCredentialsGrant(config)
    assert.equal(tokens.refresh_token, undefined)
    assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true)
  })

  test('a code is good once, and its second use ends what the first one gave', async () => {
    const config = await discover(WAYS[0])
    const { tokens, callback, checks } = await signIn(config)
    await assert.rejects(oidc.authorizationCodeGrant(config, callback, checks), (error) => error.error === 'invalid_grant')
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, person.id ?? person.sub), (error) => error.status === 401)
  })

  test('with form_post the answer comes in a form that posts itself', async () => {
    const config = await discover(WAYS[0])
    const browser = new Person()
    await signIn(config, {}, browser)
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
    const expectedState = oidc.randomState()
    const page = await browser.visit(
      oidc.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK,
        scope: SCOPE,
        response_mode: 'form_post',
        code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
      }).href,
    )
    const fields = [...page.html.matchAll(/<input[^>]*>/g)].map(([input]) => [
      input.match(/name="([^"]*)"/)?.[1],
      input.match(/value="([^"]*)"/)?.[1],
    ])
    const answer = new Request(CALLBACK, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields.filter(([name]) => name)).toString(),
    })
    const tokens = await oidc.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState, idTokenExpected: true })
    assert.ok(tokens.claims().sub)
  })

  test('saying no on either page comes back as access_denied', async () => {
    const config = await discover(WAYS[1])
    const until = (address) => address.startsWith(CALLBACK)
    const ask = async () => {
      const verifier = oidc.randomPKCECodeVerifier()
      const challenge = await oidc.calculatePKCECodeChallenge(verifier)
      return oidc.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK, scope: 'openid phone', state: 's', prompt: 'consent',
        code_challenge: challenge, code_challenge_method: 'S256',
      }).href
    }
    const browser = new Person()
    const login = await browser.visit(await ask(), { until })
    const cancel = login.html.match(/<a[^>]*id="cancel"[^>]*href="([^"]*)"|<a[^>]*href="([^"]*)"[^>]*id="cancel"/)
    const href = (cancel[1] ?? cancel[2]).replaceAll('&amp;', '&').replaceAll('&#38;', '&')
    const refused = await browser.visit(new URL(href, login.address).href, { until })
    assert.equal(new URL(refused.address).searchParams.get('error'), 'access_denied')

    let page = await browser.visit(await ask(), { until })
    page = await browser.submit(page, 'login', { username: PERSON.email, password: PERSON.password }, { until })
    page = await browser.submit(page, 'consent', {}, { pressed: ['decision', 'deny'], until })
    assert.equal(new URL(page.address).searchParams.get('error'), 'access_denied')
    assert.equal(new URL(page.address).searchParams.get('iss'), visage.issuer)
  })
})
