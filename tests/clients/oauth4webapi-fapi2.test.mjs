// npm oauth4webapi against the running binary: FAPI 2.0 Security Profile as its authors write a client for it, every answer checked
// by hand: pushed request with private_key_jwt, PKCE, `iss`, DPoP-bound tokens, an ID token by PS256, no rotation.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { ADA, CALLBACK, register, signingKey, walk } from './journey.mjs'
import { Visage } from './visage.mjs'

const INSECURE = { [oauth.allowInsecureRequests]: true } // http on loopback

let visage
let as
let client
let prove
let key

before(async () => {
  visage = await Visage.prepare()
  visage.addPerson(ADA)
  key = await signingKey('PS256')
  const { client_id } = register(visage, {
    jwks: { keys: [key.jwk] }, token_endpoint_auth_method: 'private_key_jwt', id_token_signed_response_alg: 'PS256',
    dpop_bound_access_tokens: true,
  }, '--profile', 'fapi2')
  await visage.start()
  const issuer = new URL(visage.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, INSECURE))
  client = { client_id, id_token_signed_response_alg: 'PS256' }
  prove = oauth.PrivateKeyJwt(key.sign)
})
after(() => visage?.stop())

/** The pushed request's address, and what the answer is checked against. */
async function push(DPoP, more = {}, options = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const checks = { verifier, state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() }
  const parameters = {
    response_type: 'code', redirect_uri: CALLBACK, scope: 'openid email offline_access', code_challenge_method: 'S256',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), state: checks.state, nonce: checks.nonce, ...more,
  }
  for (const name of Object.keys(parameters)) if (parameters[name] === undefined) delete parameters[name]
  const answer = await oauth.pushedAuthorizationRequest(as, client, options.prove ?? prove, parameters, { ...INSECURE, DPoP })
  const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, answer)
  const address = new URL(as.authorization_endpoint)
  address.search = new URLSearchParams({ client_id: client.client_id, request_uri })
  return { address, checks }
}

async function redeem(DPoP, back, checks) {
  const parameters = oauth.validateAuthResponse(as, client, back, checks.state)
  const answer = await oauth.authorizationCodeGrantRequest(as, client, prove, parameters, CALLBACK, checks.verifier, { ...INSECURE, DPoP })
  return oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: checks.nonce, requireIdToken: true })
}

const proofs = async () => oauth.DPoP(client, await oauth.generateKeyPair('ES256'))

describe('oauth4webapi, FAPI 2.0', () => {
  test('the whole way', async () => {
    assert.equal(as.authorization_response_iss_parameter_supported, true)
    const DPoP = await proofs()
    const { address, checks } = await push(DPoP)
    const back = await walk(address)
    assert.equal(back.searchParams.get('iss'), visage.issuer)
    const tokens = await redeem(DPoP, back, checks)
    assert.equal(tokens.token_type, 'dpop')
    const { sub } = oauth.getValidatedIdTokenClaims(tokens)

    const info = await oauth.userInfoRequest(as, client, tokens.access_token, { ...INSECURE, DPoP })
    assert.equal((await oauth.processUserInfoResponse(as, client, sub, info)).email, ADA.email)

    // FAPI 2.0, 5.3.2.1: no rotation of refresh tokens.
    const renewed = await oauth.refreshTokenGrantRequest(as, client, prove, tokens.refresh_token, { ...INSECURE, DPoP })
    const again = await oauth.processRefreshTokenResponse(as, client, renewed)
    assert.ok(again.refresh_token === undefined || again.refresh_token === tokens.refresh_token)

    const revoked = await oauth.revocationRequest(as, client, prove, tokens.refresh_token, INSECURE)
    await oauth.processRevocationResponse(revoked)
    const state = await oauth.introspectionRequest(as, client, prove, again.access_token, INSECURE)
    assert.deepEqual(await oauth.processIntrospectionResponse(as, client, state), { active: false })
  })

  test('a code is good once, and its second use ends what the first one gave', async () => {
    const DPoP = await proofs()
    const { address, checks } = await push(DPoP)
    const back = await walk(address)
    const tokens = await redeem(DPoP, back, checks)
    await assert.rejects(redeem(DPoP, back, checks), (error) => error.error === 'invalid_grant')
    const info = await oauth.userInfoRequest(as, client, tokens.access_token, { ...INSECURE, DPoP })
    assert.equal(info.status, 401)
  })

  test('what the profile forbids is refused', async () => {
    const DPoP = await proofs()
    const refusal = (error) => error.status >= 400 && error.status < 500
    await assert.rejects(push(DPoP, { code_challenge: undefined, code_challenge_method: undefined }), refusal, 'without PKCE')
    await assert.rejects(push(DPoP, { code_challenge_method: 'plain' }), refusal, 'PKCE by plain')
    await assert.rejects(push(DPoP, { response_type: 'code id_token' }), refusal, 'a token from the front')
    await assert.rejects(push(DPoP, { redirect_uri: undefined }), refusal, 'without a redirect_uri')
    const audience = { [oauth.modifyAssertion]: (_, payload) => { payload.aud = as.token_endpoint } }
    await assert.rejects(push(DPoP, {}, { prove: oauth.PrivateKeyJwt(key.sign, audience) }), refusal, 'another audience than the issuer')
    const rs256 = await signingKey('RS256', key.sign.kid)
    await assert.rejects(push(DPoP, {}, { prove: oauth.PrivateKeyJwt(rs256.sign) }), refusal, "somebody else's key, by RS256")
    // A request that was not pushed.
    const direct = new URL(as.authorization_endpoint)
    const challenge = await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier())
    direct.search = new URLSearchParams({
      client_id: client.client_id, response_type: 'code', redirect_uri: CALLBACK, scope: 'openid', state: 's',
      code_challenge: challenge, code_challenge_method: 'S256',
    })
    assert.equal((await walk(direct)).searchParams.get('error'), 'invalid_request')
  })

  test('without a proof there is no token', async () => {
    const DPoP = await proofs()
    const { address, checks } = await push(DPoP)
    const back = await walk(address)
    await assert.rejects(redeem(undefined, back, checks), (error) => ['invalid_request', 'invalid_dpop_proof', 'invalid_grant'].includes(error.error))
  })
})
