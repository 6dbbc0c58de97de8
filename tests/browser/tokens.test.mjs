// Personal access tokens: made, shown once, used by a script, listed, revoked; with and without JavaScript.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Visage } from '../clients/visage.mjs'
import { holdsUp, launch, LOOKS, photograph, visitor } from './chromium.mjs'
import { quarters } from './pixels.mjs'

const PASSWORD = 'a long enough pass phrase'

let browser, visage
before(async () => {
  browser = await launch()
  visage = await Visage.prepare()
  for (const name of ['on', 'off', ...LOOKS.map(({ look }) => look)]) {
    visage.addPerson({ email: `${name}@example.test`, name: 'Ada Lovelace', password: PASSWORD })
  }
  await visage.start()
})
after(async () => {
  await browser?.close()
  await visage?.stop()
})

async function tokensPage(name, options = {}) {
  const seen = await visitor(browser, options)
  const { page } = seen
  await page.goto(`${visage.issuer}/login`)
  await page.fill('#login [name=username]', `${name}@example.test`)
  await page.fill('#login [name=password]', PASSWORD)
  await page.click('#login button[type=submit]')
  await page.click('#tokens')
  await page.waitForSelector('[data-page=tokens]')
  return seen
}

async function make(page, name) {
  await page.fill('#token [name=name]', name)
  await page.fill('#token [name=current]', PASSWORD)
  await page.click('#token button[type=submit]')
  await page.waitForSelector('#made')
  return page.inputValue('#made')
}

const profile = (token) => fetch(`${visage.issuer}/api/auth/user-profile/`, { headers: { Authorization: `Token ${token}` } })

describe('personal access tokens', () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`the seed's own fetches, then revoked; JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { context, page, faults } = await tokensPage(javaScriptEnabled ? 'on' : 'off', { javaScriptEnabled })
      const token = await make(page, 'My <script> & more')
      assert.match(token, /^visage_pat_[\w-]{43}$/)
      if (javaScriptEnabled) {
        await context.grantPermissions(['clipboard-read', 'clipboard-write'])
        await page.click('#copy')
        await page.waitForFunction(() => document.getElementById('copy').textContent === 'Copied')
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token)
      }
      // Seed 000, as it stands there.
      const formData = new FormData()
      const file = await quarters(browser)
      formData.append('profile_picture', new Blob([file.buffer], { type: file.mimeType }), file.name)
      const data = await fetch(`${visage.issuer}/api/auth/upload-photo/`, {
        method: 'POST',
        headers: { Authorization: `Token ${token}` },
        body: formData,
      }).then((response) => response.json())
      assert.equal(data.success, true)
      assert.equal((await fetch(data.profile_picture_url)).status, 200)
      const shown = await profile(token).then((response) => response.json())
      assert.equal(shown.profile.profile_picture_url, data.profile_picture_url)

      await page.goto(`${visage.issuer}/account/tokens`)
      assert.ok(!(await page.content()).includes(token), 'shown once')
      const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date())
      await page.waitForFunction(async (day) => {
        const html = await (await fetch('/account/tokens')).text()
        return html.includes(`last used on ${day}`)
      }, day)
      await page.click('.revoke button')
      await page.waitForURL(/done=personal-token-revoked/)
      assert.match(await page.innerText('main'), /No token yet/)
      assert.equal((await profile(token)).status, 401)
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  for (const { look, ...options } of LOOKS) {
    test(`hold up, ${look}`, async () => {
      const { context, page, faults } = await tokensPage(look, options)
      await photograph(page, `tokens-empty-${look}`)
      await holdsUp(page, `no tokens, ${look}`)
      await make(page, 'Backup script')
      await photograph(page, `tokens-made-${look}`)
      await holdsUp(page, `a token was made, ${look}`)
      await page.fill('#token [name=name]', 'Another')
      await page.fill('#token [name=current]', 'not the pass phrase')
      await page.click('#token button[type=submit]')
      await page.waitForSelector('[role=alert]')
      assert.equal(await page.inputValue('#token [name=name]'), 'Another', 'what was filled in stays')
      await photograph(page, `tokens-problem-${look}`)
      await holdsUp(page, `a problem, ${look}`)
      assert.deepEqual(faults, [])
      await context.close()
    })
  }
})
