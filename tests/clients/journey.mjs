// What every test in this folder does: one person, keys in the form that the libraries take, and the walk through our pages.

import assert from 'node:assert/strict'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as oidc from 'openid-client'
import { Person } from './person.mjs'

export const ADA = { email: 'ada@example.test', name: 'Ada Lovelace', password: 'a long enough pass phrase' }
export const CALLBACK = 'http://localhost:9/callback' // nobody needs to listen: the person stops there
export const SIGNED_OUT = 'http://localhost:9/signed-out'

/** Adds a client by its RFC 7591 registration; `options` are further ones of `visage client add`. */
export function register(visage, registration, ...options) {
  const file = join(visage.folder, `client-${Math.random().toString(36).slice(2)}.json`)
  const usual = {
    client_name: 'A client that we did not write',
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [SIGNED_OUT],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
  writeFileSync(file, JSON.stringify({ ...usual, ...registration }))
  return visage.addClient('--metadata', file, ...options)
}

const FORMS = {
  ES256: [() => generateKeyPairSync('ec', { namedCurve: 'P-256' }), { name: 'ECDSA', namedCurve: 'P-256' }],
  RS256: [() => generateKeyPairSync('rsa', { modulusLength: 2048 }), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  PS256: [() => generateKeyPairSync('rsa', { modulusLength: 2048 }), { name: 'RSA-PSS', hash: 'SHA-256' }],
  EdDSA: [() => generateKeyPairSync('ed25519'), { name: 'Ed25519' }],
}

/** A key pair: `sign` as openid-client and oauth4webapi take it, `jwk` for the registration. */
export async function signingKey(alg, kid = alg.toLowerCase()) {
  const [generate, algorithm] = FORMS[alg]
  const pair = generate()
  const key = await webcrypto.subtle.importKey('jwk', pair.privateKey.export({ format: 'jwk' }), algorithm, false, ['sign'])
  return { sign: { key, kid }, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

/** openid-client's view of us, for this client. */
export function discover(visage, { client_id, client_secret }, authentication, metadata = {}, options = {}) {
  const { execute = [], ...more } = options
  return oidc.discovery(new URL(visage.issuer), client_id, { client_secret, ...metadata }, authentication, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks, ...execute],
    ...more,
  })
}

/** Ada signs in and says yes wherever she is asked; returns the address at which she leaves us. */
export async function walk(address, browser = new Person(), until = (address) => address.startsWith(CALLBACK)) {
  let page = await browser.visit(`${address}`, { until })
  for (let forms = 0; forms < 3 && !until(page.address); forms++) {
    if (page.html.includes('data-page="login"')) {
      page = await browser.submit(page, 'login', { username: ADA.email, password: ADA.password }, { until })
    } else if (page.html.includes('data-page="consent"')) {
      page = await browser.submit(page, 'consent', {}, { pressed: ['decision', 'allow'], until })
    } else break
  }
  assert.ok(until(page.address), `stopped at ${page.address} (${page.status})\n${page.html.slice(0, 3000)}`)
  return new URL(page.address)
}

/** The parameters of a request with PKCE, state and nonce, and what the answer is checked against. */
export async function request(more = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedNonce: oidc.randomNonce(), expectedState: oidc.randomState(), idTokenExpected: true }
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid profile email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: checks.expectedNonce,
    state: checks.expectedState,
    ...more,
  }
  return { parameters, checks }
}

/** Userinfo knows her, by this configuration and these tokens. */
export async function userinfoHolds(config, tokens, options) {
  const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, options)
  assert.equal(info.email, ADA.email)
  return info
}
