// A small third-party application on npm openid-client: a link to sign in, and a page with the person's picture.

import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const html = (text) => `<!doctype html><html lang="en"><title>Gallery Walk</title><body>${text}</body></html>`
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

export class RelyingParty {
  /** Listens; the client is registered afterwards, with `redirectUri`. */
  async listen() {
    this.signIns = new Map()
    this.server = createServer((request, response) => {
      this.answer(new URL(request.url, this.origin), response).catch((error) => {
        response.writeHead(502, { 'content-type': 'text/html' }).end(html(`<p id="error">${escape(error.error ?? error)}</p>`))
      })
    })
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.origin = `http://localhost:${this.server.address().port}`
    this.redirectUri = `${this.origin}/callback`
    return this
  }

  async meet(issuer, { client_id, client_secret }) {
    this.config = await oidc.discovery(new URL(issuer), client_id, client_secret, oidc.ClientSecretBasic(client_secret), {
      execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
    })
  }

  async answer(url, response) {
    if (url.pathname === '/sign-in') {
      const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
      const expectedState = oidc.randomState()
      this.signIns.set(expectedState, { pkceCodeVerifier, expectedState })
      const location = oidc.buildAuthorizationUrl(this.config, {
        scope: 'openid profile email offline_access',
        ...Object.fromEntries(url.searchParams),
        redirect_uri: this.redirectUri,
        state: expectedState,
        code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      })
      return response.writeHead(303, { location: location.href }).end()
    }
    if (url.pathname === '/callback') {
      const checks = this.signIns.get(url.searchParams.get('state'))
      this.tokens = await oidc.authorizationCodeGrant(this.config, url, { ...checks, idTokenExpected: true })
      const { name, picture } = await this.userinfo()
      return response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(html(`<h1>Hello, ${escape(name)}</h1><img id="picture" alt="you" src="${escape(picture)}">`))
    }
    return response.writeHead(404).end()
  }

  /** Userinfo with the tokens of the last sign-in; throws what openid-client throws. */
  userinfo() {
    return oidc.fetchUserInfo(this.config, this.tokens.access_token, this.tokens.claims().sub)
  }

  refresh() {
    return oidc.refreshTokenGrant(this.config, this.tokens.refresh_token)
  }

  close() {
    return new Promise((resolve) => {
      this.server.close(resolve)
      this.server.closeAllConnections()
    })
  }
}
