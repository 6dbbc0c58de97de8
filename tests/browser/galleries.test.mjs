// The whole gallery in a real browser: by mouse and by keyboard, with JavaScript and without. The pictures for a person
// to look at go to VISAGE_SHOTS, as those of the other pages do.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Visage } from '../clients/visage.mjs'
import { holdsUp, launch, LOOKS, photograph, visitor } from './chromium.mjs'

const PASSWORD = 'a long enough pass phrase'
const at = (name) => `${name}@example.test`

let browser, visage, landscape, portrait, night
before(async () => {
  browser = await launch()
  visage = await Visage.prepare({ VISAGE_PHOTOS__UPLOADS_PER_HOUR: '500' })
  for (const name of ['mouse', 'keys', 'plain', 'drop', 'other', ...LOOKS.map(({ look }) => look)]) {
    visage.addPerson({ email: at(name), name: `Ada ${name}`, password: PASSWORD })
  }
  await visage.start()
  landscape = await scene({ name: 'lake.jpg', sky: ['#cfe4ee', '#f7d9bf'], hills: ['#7fa392', '#4d7a6c', '#28564c'] })
  portrait = await scene({ name: 'room.jpg', sky: ['#efe7da', '#d9c3a5'], hills: ['#b98a66', '#8e5f45', '#5b3a2c'], width: 900, height: 1200 })
  night = await scene({ name: 'night.jpg', sky: ['#101a33', '#3c3f6b'], hills: ['#23304f', '#16203a', '#0b1226'] })
})
after(async () => {
  await browser?.close()
  await visage?.stop()
})

/** A made-up view of hills as a JPEG file. */
async function scene({ name, sky, hills, width = 1600, height = 1000 }) {
  const page = await browser.newPage({ viewport: { width, height } })
  await page.setContent(`<body style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 160 100" preserveAspectRatio="none">
    <defs><linearGradient id="g" x2="0" y2="1"><stop offset="0" stop-color="${sky[0]}"/><stop offset="1" stop-color="${sky[1]}"/></linearGradient></defs>
    <rect width="160" height="100" fill="url(#g)"/><circle cx="118" cy="30" r="9" fill="#fff" opacity=".7"/>
    <path d="M0 62c24-18 46-6 70-14s52-22 90 2v50H0z" fill="${hills[0]}"/>
    <path d="M0 78c30-16 50 2 84-8s50-6 76 0v30H0z" fill="${hills[1]}"/>
    <path d="M0 90c40-10 70 4 104-2s40 0 56 2v10H0z" fill="${hills[2]}"/></svg>`)
  const buffer = await page.screenshot({ type: 'jpeg', quality: 88 })
  await page.close()
  return { name, mimeType: 'image/jpeg', buffer }
}

async function signIn(page, email) {
  await page.goto(`${visage.issuer}/login`)
  await page.fill('#login [name=username]', email)
  await page.fill('#login [name=password]', PASSWORD)
  await page.click('#login button[type=submit]')
  await page.waitForSelector('[data-page=account]')
}

const count = (page, selector) => page.locator(selector).count()
const captions = (page) => page.locator('.picture [name=caption]').evaluateAll((all) => all.map((one) => one.value))
/** Every picture on the page is there, and none is stretched. */
async function whole(page) {
  await page.waitForFunction(() => [...document.querySelectorAll('.picture img')].every((image) => image.complete))
  const sizes = await page.locator('.picture img').evaluateAll((all) => all.map((image) => image.naturalWidth))
  assert.ok(sizes.length > 0 && sizes.every((width) => width > 0), `${sizes}`)
}
const says = (page, words) =>
  page.waitForFunction((words) => document.getElementById('said')?.textContent.includes(words), words, { timeout: 30_000 })

async function upload(page, files) {
  const before = await count(page, '#pictures .picture')
  await page.setInputFiles('#add-file', files)
  await page.locator('#upload').click()
  // Each is decoded and resized in turn, on a machine that may be busy.
  await page.waitForFunction((wanted) => document.querySelectorAll('#pictures .picture').length === wanted, before + files.length, { timeout: 60_000 })
}

describe('galleries', () => {
  for (const { look, ...options } of LOOKS) {
    test(`hold up, ${look}`, async () => {
      const { context, page, faults } = await visitor(browser, options)
      const seen = async (name) => {
        await photograph(page, `${name}-${look}`)
        await holdsUp(page, `${name}, ${look}`, { still: false })
      }
      await signIn(page, at(look))
      await seen('account-with-galleries')
      await page.click('#galleries')
      await seen('galleries-none')
      await page.click('#new-gallery')
      await seen('gallery-new-empty')
      await page.setInputFiles('#add-file', [landscape, portrait, night])
      await page.waitForFunction(() => document.querySelectorAll('.pending').length === 3)
      await page.waitForTimeout(300)
      await seen('gallery-new-chosen')
      await page.click('#upload')
      await page.waitForFunction(() => document.querySelectorAll('#pictures .picture').length === 3)
      await whole(page)
      await seen('gallery-new-waiting')
      await page.fill('#gallery-name', 'Rooms with a view')
      await page.fill('#gallery-organization-name', 'Hôtel du Lac')
      await page.click('#gallery button[type=submit]')
      await page.waitForSelector('[data-page=gallery]')
      await whole(page)
      await page.fill('.picture:nth-child(1) [name=caption]', 'The lake in the morning')
      await page.locator('.picture:nth-child(1) [name=caption]').press('Enter')
      await says(page, 'caption')
      await seen('gallery-editor')
      await page.click('.picture:nth-child(2) summary')
      await seen('gallery-confirm')
      await page.goto(`${visage.issuer}/account/galleries/new`)
      assert.equal(await page.isVisible('#new-organization'), false, 'an organization is there to choose')
      await seen('gallery-new-again')
      await page.goto(`${visage.issuer}/account/galleries`)
      await page.waitForFunction(() => [...document.querySelectorAll('.cover img')].every((image) => image.complete && image.naturalWidth > 0))
      await seen('galleries-list')
      await page.click('.shelf-link')
      await seen('organization')
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  test('by mouse', async () => {
    const { context, page, faults } = await visitor(browser)
    await signIn(page, at('mouse'))
    await page.goto(`${visage.issuer}/account/galleries/new`)
    // Left out before it is sent; refused before it is sent.
    await page.setInputFiles('#add-file', [landscape, portrait])
    await page.click('.pending:nth-child(1) .pending-out')
    assert.equal(await count(page, '.pending'), 1)
    await page.setInputFiles('#add-file', [{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }])
    await says(page, 'notes.txt')
    await page.setInputFiles('#add-file', [{ name: 'big.png', mimeType: 'image/png', buffer: Buffer.alloc(5 * 1048576 + 1) }])
    await says(page, 'big.png')
    assert.equal(await count(page, '.pending'), 1, 'what was chosen before is still there')
    await page.click('#upload')
    await page.waitForSelector('#pictures .picture')
    // What the server refuses stays, with its reason, to be left out.
    await page.setInputFiles('#add-file', [{ name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }])
    await page.click('#upload')
    await says(page, 'broken.jpg')
    await page.click('.pending .pending-out')
    await upload(page, [landscape])
    assert.equal(await count(page, '#pictures .picture'), 2)
    // Another tab of the same browser sees what waits; it waits after a reload.
    await page.reload()
    assert.equal(await count(page, '#pictures .picture'), 2)
    await page.click('.picture:nth-child(1) .remove button')
    await page.waitForFunction(() => document.querySelectorAll('#pictures .picture').length === 1)
    await upload(page, [night])
    // What is chosen and not sent yet goes along; what the server refuses keeps the page.
    await page.setInputFiles('#add-file', [portrait, { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }])
    await page.fill('#gallery-name', 'Mouse')
    await page.fill('#gallery-organization-name', 'Hôtel du Lac')
    await page.click('#gallery button[type=submit]')
    await says(page, 'broken.jpg')
    assert.equal(await page.getAttribute('body', 'data-page'), 'gallery-new')
    await page.click('.pending .pending-out')
    await page.click('#gallery button[type=submit]')
    await page.waitForSelector('[data-page=gallery]')
    assert.equal(await count(page, '#pictures .picture'), 3)
    for (const [place, text] of [[1, 'one'], [2, 'two'], [3, 'three']]) {
      await page.fill(`.picture:nth-child(${place}) [name=caption]`, text)
      await page.click(`.picture:nth-child(${place}) .caption button`)
      await says(page, 'caption')
      await page.evaluate(() => document.getElementById('said').replaceChildren())
    }
    await page.click('.picture:nth-child(3) [value=up]')
    await says(page, 'number 2')
    await page.click('.picture:nth-child(1) [value=down]')
    await says(page, 'number 2')
    assert.deepEqual(await captions(page), ['three', 'one', 'two'])
    await page.reload()
    assert.deepEqual(await captions(page), ['three', 'one', 'two'], 'the server has kept it')
    await page.click('.picture:nth-child(2) summary')
    await page.click('.picture:nth-child(2) .remove button')
    await page.waitForFunction(() => document.querySelectorAll('#pictures .picture').length === 2)
    await page.reload()
    assert.deepEqual(await captions(page), ['three', 'two'])
    await whole(page)
    assert.equal(await page.isDisabled('.picture:nth-child(1) [value=up]'), true)
    assert.equal(await page.isDisabled('.picture:nth-child(2) [value=down]'), true)
    // Ten, and no more: the way to add one goes.
    await upload(page, Array(8).fill(night))
    assert.equal(await page.isVisible('#add'), false)
    assert.equal(await page.isVisible('#full'), true)
    await page.fill('#gallery-name', 'Renamed')
    await page.click('#gallery button[type=submit]')
    await page.waitForSelector('.flash-notice')
    assert.equal(await page.textContent('h1'), 'Renamed')
    await page.click('.panel summary')
    await page.click('#delete button')
    await page.waitForSelector('[data-page=galleries]')
    assert.equal(await count(page, '.cover'), 0)
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('dropping files', async () => {
    const { context, page, faults } = await visitor(browser)
    await signIn(page, at('drop'))
    await page.goto(`${visage.issuer}/account/galleries/new`)
    const data = landscape.buffer.toString('base64')
    const transfer = await page.evaluateHandle((data) => {
      const transfer = new DataTransfer()
      const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0))
      transfer.items.add(new File([bytes], 'dropped.jpg', { type: 'image/jpeg' }))
      return transfer
    }, data)
    await page.dispatchEvent('#add', 'dragenter', { dataTransfer: transfer })
    assert.equal(await page.locator('#add.over').count(), 1, 'the zone shows that it would take it')
    await photograph(page, 'gallery-drop-light')
    await page.dispatchEvent('#add', 'dragleave', { dataTransfer: transfer })
    assert.equal(await page.locator('#add.over').count(), 0)
    await page.dispatchEvent('#add', 'dragenter', { dataTransfer: transfer })
    await page.dispatchEvent('#add', 'drop', { dataTransfer: transfer })
    assert.equal(await page.locator('#add.over').count(), 0)
    assert.equal(await count(page, '.pending'), 1)
    await page.click('#upload')
    await page.waitForSelector('#pictures .picture')
    await whole(page)
    // Signing out takes what waits along.
    await page.goto(`${visage.issuer}/oauth2/logout`)
    await page.click('#logout button[value=yes]')
    await page.waitForSelector('[data-page=signed-out]')
    await signIn(page, at('drop'))
    await page.goto(`${visage.issuer}/account/galleries/new`)
    assert.equal(await count(page, '#pictures .picture'), 0)
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('by keyboard', async () => {
    const { context, page, faults } = await visitor(browser)
    await signIn(page, at('keys'))
    await page.goto(`${visage.issuer}/account/galleries/new`)
    await upload(page, [landscape, portrait, night])
    await page.focus('#gallery-name')
    await page.keyboard.type('Keys')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Hôtel du Lac')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-page=gallery]')
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id)
    for (const [place, text] of [[1, 'one'], [2, 'two'], [3, 'three']]) {
      await page.focus(`.picture:nth-child(${place}) [name=caption]`)
      await page.keyboard.type(text)
      // Leaving the field saves it.
      await page.keyboard.press('Tab')
      await says(page, 'caption')
      assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Save', 'the focus goes where the person went')
      await page.evaluate(() => document.getElementById('said').replaceChildren())
    }
    // Down and up: the focus stays on the button of the picture that moves.
    await page.focus('.picture:nth-child(1) [value=down]')
    await page.keyboard.press('Enter')
    await says(page, 'number 2')
    assert.equal(await focused(), 'Move picture 2 down')
    await page.keyboard.press('Space')
    await says(page, 'number 3')
    assert.equal(await focused(), 'Move picture 3 up', 'at the end the way back is the one that works')
    await page.keyboard.press('Enter')
    await says(page, 'number 2')
    assert.equal(await focused(), 'Move picture 2 up')
    await page.reload()
    assert.deepEqual(await captions(page), ['two', 'one', 'three'])
    // The question: Escape leaves it, Enter on its button goes through.
    await page.focus('.picture:nth-child(2) summary')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.picture:nth-child(2) details[open]')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Escape')
    assert.equal(await count(page, 'details[open]'), 0)
    assert.equal(await focused(), 'Delete picture 2')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelectorAll('#pictures .picture').length === 2)
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY', 'the focus is not lost')
    assert.deepEqual(await captions(page), ['two', 'three'])
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('without JavaScript', async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled: false })
    await signIn(page, at('plain'))
    await page.click('#galleries')
    await page.click('#new-gallery')
    for (const file of [landscape, portrait, night]) {
      await page.setInputFiles('#add-file', file)
      await page.click('#upload')
      await page.waitForSelector('.flash-notice')
    }
    assert.equal(await count(page, '#pictures .picture'), 3)
    await page.click('.picture:nth-child(3) .remove button')
    await page.waitForSelector('.flash-notice')
    assert.equal(await count(page, '#pictures .picture'), 2)
    await page.setInputFiles('#add-file', { name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') })
    await page.click('#upload')
    await page.waitForSelector('#problem')
    await page.setInputFiles('#add-file', night)
    await page.fill('#gallery-name', 'Plain')
    await page.fill('#gallery-organization-name', 'Hôtel du Lac')
    await page.click('#gallery button[type=submit]')
    await page.waitForSelector('[data-page=gallery] .flash-notice')
    assert.equal(await count(page, '#pictures .picture'), 3, 'the chosen one went along')
    await page.click('.picture:nth-child(3) summary')
    await page.click('.picture:nth-child(3) .remove button')
    await page.waitForSelector('.flash-notice')
    for (const [place, text] of [[1, 'one'], [2, 'two']]) {
      await page.fill(`.picture:nth-child(${place}) [name=caption]`, text)
      await page.click(`.picture:nth-child(${place}) .caption button`)
      await page.waitForSelector('.flash-notice')
    }
    await page.click('.picture:nth-child(2) [value=up]')
    await page.waitForSelector('.flash-notice')
    assert.deepEqual(await captions(page), ['two', 'one'])
    await photograph(page, 'gallery-plain')
    await page.setInputFiles('#add-file', night)
    await page.click('#upload')
    await page.waitForSelector('.picture:nth-child(3)')
    await page.click('.picture:nth-child(3) summary')
    await page.click('.picture:nth-child(3) .remove button')
    await page.waitForSelector('.flash-notice')
    assert.equal(await count(page, '#pictures .picture'), 2)
    // Owners: somebody else is asked in, says yes, and goes.
    await page.click('.page-head .lead a')
    await page.fill('#owner-email', at('other'))
    await page.click('#owner button')
    await page.waitForSelector('.owner.invited')
    await photograph(page, 'organization-invited-light')
    const { context: elsewhere, page: others } = await visitor(browser, { javaScriptEnabled: false })
    await signIn(others, at('other'))
    await others.goto(`${visage.issuer}/account/galleries`)
    assert.equal(await count(others, '.cover'), 0, 'being asked shows nothing yet')
    await photograph(others, 'galleries-invitation-light')
    await others.click('.accept button')
    await others.waitForSelector('.flash-notice')
    assert.equal(await count(others, '.cover'), 1)
    await page.reload()
    await page.click('.owner:nth-child(2) .remove button')
    await page.waitForSelector('.flash-notice')
    await others.reload()
    assert.equal(await count(others, '.cover'), 0)
    await elsewhere.close()
    await page.goto(`${visage.issuer}/account/galleries`)
    await page.click('.cover')
    await page.click('.panel summary')
    await page.click('#delete button')
    await page.waitForSelector('[data-page=galleries] .flash-notice')
    // Without galleries the organization can go too.
    await page.click('.shelf-link')
    await page.click('.panel summary')
    await page.click('#delete button')
    await page.waitForSelector('[data-page=galleries] .flash-notice')
    assert.equal(await count(page, '.shelf'), 0)
    // Who may not upload reads why, instead of the form.
    visage.command(['photos', 'block', at('plain'), '--reason', 'Only landscapes, please'])
    await page.click('#new-gallery')
    assert.match(await page.textContent('#blocked'), /Only landscapes, please/)
    assert.equal(await page.isVisible('#add'), false)
    await context.close()
  })
})
