// Signing out, in a real browser: an application's page notices that the session has changed (check_session_iframe), and
// applications are told in frames before the person is sent on; with JavaScript and without.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Visage } from '../clients/visage.mjs'
import { holdsUp, launch, photograph, visitor } from './chromium.mjs'
import { RelyingParty } from './relying-party.mjs'

const PASSWORD = 'a long enough pass phrase'

/** An application that watches the session and wants to be told. */
class Watcher extends RelyingParty {
  told = []
  answers = []

  async answer(url, response) {
    const page = (body) => response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' }).end(`<!doctype html>${body}`)
    switch (url.pathname) {
      case '/callback':
        this.sessionState = url.searchParams.get('session_state')
        return super.answer(url, response)
      // As https://openid.net/specs/openid-connect-session-1_0.html section 3.1 has it: two frames, and a question.
      case '/watch':
        return page(`<iframe id="op" src="${this.checkSession}"></iframe><p id="answer"></p><script>
          addEventListener('message', (event) => {
            if (event.origin === ${JSON.stringify(this.issuer)}) document.getElementById('answer').textContent = event.data
          })
          document.getElementById('op').addEventListener('load', (event) =>
            event.target.contentWindow.postMessage(${JSON.stringify(`${this.clientId} ${this.sessionState}`)}, ${JSON.stringify(this.issuer)}))
        </script>`)
      case '/out':
        this.told.push(url)
        return page('out')
      case '/bye':
        return page(`<h1 id="bye">${url.searchParams.get('state')}</h1>`)
      default:
        return super.answer(url, response)
    }
  }
}

let browser, visage, one, two
before(async () => {
  browser = await launch()
  visage = await Visage.prepare()
  for (const name of ['on', 'off', 'other']) {
    visage.addPerson({ email: `${name}@example.test`, name: 'Ada Lovelace', password: PASSWORD })
  }
  one = await new Watcher().listen()
  two = await new Watcher().listen()
  const clients = [one, two].map((party) => {
    const file = join(visage.folder, 'client.json')
    writeFileSync(file, JSON.stringify({
      client_name: 'Gallery Walk',
      redirect_uris: [party.redirectUri],
      post_logout_redirect_uris: [`${party.origin}/bye`],
      frontchannel_logout_uri: `${party.origin}/out?of=gallery`,
      frontchannel_logout_session_required: true,
    }))
    return visage.addClient('--trusted', '--metadata', file)
  })
  await visage.start()
  for (const [party, client] of [[one, clients[0]], [two, clients[1]]]) {
    await party.meet(visage.issuer, client)
    party.issuer = visage.issuer
    party.clientId = client.client_id
    party.checkSession = party.config.serverMetadata().check_session_iframe
  }
})
after(async () => {
  await one?.close()
  await two?.close()
  await browser?.close()
  await visage?.stop()
})

async function signIn(page, party, name) {
  await page.goto(`${party.origin}/sign-in`)
  if (await page.locator('#login').count()) {
    await page.fill('#login [name=username]', `${name}@example.test`)
    await page.fill('#login [name=password]', PASSWORD)
    await page.click('#login button[type=submit]')
  }
  await page.waitForURL(`${party.origin}/callback*`)
}

async function watched(page, party) {
  await page.goto(`${party.origin}/watch`)
  await page.waitForFunction(() => document.getElementById('answer').textContent !== '')
  return page.textContent('#answer')
}

function logout(party, extra = {}) {
  const parameters = { id_token_hint: party.tokens.id_token, post_logout_redirect_uri: `${party.origin}/bye`, state: 'a & b', ...extra }
  return `${visage.issuer}/oauth2/logout?${new URLSearchParams(parameters)}`
}

describe('signing out', () => {
  for (const javaScriptEnabled of [true, false]) {
    // oidcc-frontchannel-rp-initiated-logout
    test(`frames tell every application, then the person is sent on; JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { context, page, faults } = await visitor(browser, { javaScriptEnabled })
      await signIn(page, one, javaScriptEnabled ? 'on' : 'off')
      await signIn(page, two, javaScriptEnabled ? 'on' : 'off')
      one.told = []
      two.told = []
      const { sid } = one.tokens.claims()
      await page.goto(logout(one))
      await page.waitForURL(`${one.origin}/bye?state=*`)
      assert.equal(await page.textContent('#bye'), 'a & b')
      for (const party of [one, two]) {
        assert.deepEqual(party.told.map((url) => Object.fromEntries(url.searchParams)), [{ of: 'gallery', iss: visage.issuer, sid }])
      }
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  // oidcc-session-management-rp-initiated-logout
  test('an application notices that the session is another', async () => {
    const { context, page, faults } = await visitor(browser)
    await signIn(page, one, 'on')
    assert.equal(await watched(page, one), 'unchanged')
    await signIn(page, two, 'on')
    assert.equal(await watched(page, two), 'unchanged')
    assert.equal(await watched(page, one), 'unchanged', 'another application changes nothing')
    // What one application was told says nothing to another's page.
    const own = two.sessionState
    two.sessionState = one.sessionState
    assert.equal(await watched(page, two), 'changed')
    two.sessionState = 'nonsense'
    assert.equal(await watched(page, two), 'error')
    two.sessionState = own

    // Signed out without a client to go back to: the page stays, and is one that people can read.
    await page.goto(`${visage.issuer}/oauth2/logout`)
    await page.click('#logout button[value=yes]')
    await page.waitForSelector('[data-page=signed-out]')
    await page.waitForLoadState('load')
    await photograph(page, 'signed-out-frames')
    await holdsUp(page, 'signed-out')
    assert.equal(await watched(page, one), 'changed')
    await signIn(page, two, 'other')
    assert.equal(await watched(page, two), 'unchanged')
    assert.equal(await watched(page, one), 'changed', 'somebody else')
    assert.deepEqual(faults, [])
    await context.close()
  })
})
