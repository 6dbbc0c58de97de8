// The photo editor of the account page: by mouse, by keyboard, on a telephone, without JavaScript. What is stored is held
// against the square that was chosen, pixel by pixel, an EXIF orientation included.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Visage } from '../clients/visage.mjs'
import { ADA, ADA_LATER, holdsUp, launch, LOOKS, photograph, portrait, putPhoto, visitor } from './chromium.mjs'
import { colourAt, look, quarters, TURNED, turned } from './pixels.mjs'

const PASSWORD = 'a long enough pass phrase'
const PEOPLE = ['waiting', 'waiting-plain', 'slow', 'mouse', 'keyboard', 'turned', 'cancel', 'drop', 'refused', 'plain', 'scripted', 'removed', 'blocked', 'french', ...LOOKS.map(({ look }) => look)]

let browser, visage
before(async () => {
  browser = await launch()
  visage = await Visage.prepare({ VISAGE_PHOTOS__KEEP_VERSIONS: '2' })
  for (const name of PEOPLE) visage.addPerson({ email: `${name}@example.test`, name: 'Ada Lovelace', password: PASSWORD })
  await visage.start()
})
after(async () => {
  await browser?.close()
  await visage?.stop()
})

async function account(name, options = {}) {
  const seen = await visitor(browser, options)
  const { page } = seen
  // Chromium tells nobody what is in a form with a file: the square is noted where it leaves the page.
  await page.addInitScript(() => {
    const { send } = XMLHttpRequest.prototype
    XMLHttpRequest.prototype.send = function (body) {
      globalThis.cropThatWasSent = body?.get?.('crop')
      return send.call(this, body)
    }
  })
  await page.goto(`${visage.issuer}/login`)
  await page.fill('#login [name=username]', `${name}@example.test`)
  await page.fill('#login [name=password]', PASSWORD)
  await page.click('#login button[type=submit]')
  await page.waitForSelector('[data-page=account]')
  return seen
}

/** The largest variant of the photo that the page shows. */
const shown = async (page) => (await page.getAttribute('.hello .portrait', 'src')).replace(/_\d+\.jpg$/, '.jpg')
const isInitials = async (page) => /\/initials\//.test(await page.getAttribute('.hello .portrait', 'src'))

async function choose(page, file) {
  await page.setInputFiles('#photo-file', file)
  await page.waitForSelector('#photo-editor:not([hidden])')
}

/** Presses Upload and gives the square that went along, and the upload that the server answered with. */
async function upload(page, press = () => page.click('#photo button[type=submit]')) {
  const answered = page.waitForResponse('**/api/users/upload-profile-picture/')
  await press()
  const answer = await answered
  assert.equal(answer.status(), 201)
  await page.waitForSelector('#photo-staged:not([hidden])')
  const [x, y, side] = (await page.evaluate(() => globalThis.cropThatWasSent)).split(',').map(Number)
  return { crop: { x, y, side }, upload: await answer.json() }
}

async function confirm(page, press = () => page.click('#photo-confirm')) {
  await press()
  await page.waitForURL(/done=photo-updated/)
  await page.waitForSelector('#photo-remove')
}

/** Every place of the stored picture has the colour that the original has there. */
async function assertPixels(address, file, { x, y, side }, order) {
  const places = []
  for (let row = 1; row < 12; row++) for (let column = 1; column < 12; column++) places.push([column / 12, row / 12])
  // Where two quarters meet, the edge of a JPEG is neither.
  const clear = places.filter(([px, py]) =>
    Math.abs(x + px * side - file.width / 2) > side / 40 + 2 && Math.abs(y + py * side - file.height / 2) > side / 40 + 2)
  const { colours, side: stored } = await look(browser, address, clear)
  const expected = clear.map(([px, py]) => colourAt(file, x + px * side, y + py * side, order))
  assert.deepEqual(colours, expected)
  assert.ok(new Set(expected).size > 1, 'more than one colour is in it')
  return stored
}

/** What the picture's pixels are on the screen. */
async function stage(page, file) {
  await page.locator('.crop').scrollIntoViewIfNeeded()
  const area = await page.locator('.crop').boundingBox()
  const scale = area.width / file.width
  return (x, y) => [area.x + x * scale, area.y + y * scale]
}

async function drag(page, from, to) {
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, { steps: 4 })
  await page.mouse.move(...to, { steps: 4 })
  await page.mouse.up()
}

describe('the photo editor', () => {
  test('by mouse: a corner, the square, the slider; what was chosen is what is stored', async () => {
    const { context, page, faults } = await account('mouse')
    const file = await quarters(browser)
    await choose(page, file)
    // The largest square lies in the middle: 600 pixels at 100,0. Its south-east corner goes to 500,400.
    const at = await stage(page, file)
    await drag(page, at(697, 597), at(500, 400))
    // The square goes 150 to the right and 100 down.
    await drag(page, at(300, 200), at(450, 300))
    await page.fill('#photo-alt-new', 'Four "colours" & <more>')
    await page.waitForFunction(() => /pixels wide/.test(document.getElementById('photo-crop-said').textContent))
    await photograph(page, 'editor-mouse')
    const { crop, upload: { preview_url: preview } } = await upload(page)
    for (const [what, is, near] of [['x', crop.x, 250], ['y', crop.y, 100], ['side', crop.side, 400]]) {
      assert.ok(Math.abs(is - near) <= 8, `${what} is ${is}, near ${near}`)
    }
    assert.ok(await isInitials(page), 'nobody sees it before it is confirmed')
    await assertPixels(preview, file, crop)
    await confirm(page)
    assert.equal(await assertPixels(await shown(page), file, crop), Math.min(512, crop.side))
    assert.equal(await page.getAttribute('.hello .portrait', 'alt'), 'Four "colours" & <more>')

    // Once more, with the slider and a click beside the square.
    await choose(page, file)
    await page.fill('#photo-size', '200')
    const again = await stage(page, file)
    await page.mouse.click(...again(400, 450))
    const second = await upload(page)
    assert.ok(Math.abs(second.crop.x - 300) <= 3 && Math.abs(second.crop.y - 350) <= 3 && second.crop.side === 200, JSON.stringify(second.crop))
    await confirm(page)
    assert.equal(await assertPixels(await shown(page), file, second.crop), 200, 'the largest square there is')
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('by keyboard alone: choose, move, resize, upload, confirm', async () => {
    const { context, page, faults } = await account('keyboard')
    const file = await quarters(browser, { width: 1000, height: 800 })
    const tabTo = async (selector) => {
      for (let step = 0; step < 40; step++) {
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return
        await page.keyboard.press('Tab')
      }
      assert.fail(`Tab does not reach ${selector}`)
    }
    await page.focus('.skip')
    await tabTo('#photo-file')
    const chooser = page.waitForEvent('filechooser')
    await page.keyboard.press('Enter')
    await (await chooser).setFiles(file)
    await page.waitForSelector('#photo-editor:not([hidden])')
    assert.equal(await page.evaluate(() => document.activeElement.id), 'photo-crop', 'the square has the focus')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth)
    assert.ok(parseFloat(outline) >= 2, `the focus can be seen: ${outline}`)

    // 800 at 100,0; a step is 20 pixels. Ten smaller: 600 at 200,100.
    for (const key of [...Array(6).fill('-'), ...Array(4).fill('Shift+ArrowDown')]) await page.keyboard.press(key)
    // Three right, two up; one larger, around its middle: 620 at 250,50.
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowUp', 'ArrowUp', 'Shift+ArrowUp']) await page.keyboard.press(key)
    await page.waitForFunction(() => document.getElementById('photo-crop-said').textContent === '620 pixels wide, 250 from the left, 50 from the top')
    // It does not leave the picture.
    for (let step = 0; step < 60; step++) await page.keyboard.press('ArrowLeft')
    await page.waitForFunction(() => / 0 from the left/.test(document.getElementById('photo-crop-said').textContent))
    for (let step = 0; step < 12; step++) await page.keyboard.press('ArrowRight')
    await tabTo('#photo-alt-new')
    await page.keyboard.type('Colours')
    await tabTo('#photo button[type=submit]')
    const { crop } = await upload(page, () => page.keyboard.press('Enter'))
    assert.deepEqual(crop, { x: 240, y: 50, side: 620 })
    assert.equal(await page.evaluate(() => document.activeElement.id), 'photo-confirm', 'the answer is one key away')
    await confirm(page, () => page.keyboard.press('Enter'))
    assert.equal(await assertPixels(await shown(page), file, crop), 512)
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('a picture with an EXIF orientation is cropped as it is seen', async () => {
    const { context, page } = await account('turned')
    const file = turned(await quarters(browser, { type: 'jpeg' }))
    await choose(page, file)
    const { width, height } = await page.evaluate(() => {
      const picture = document.querySelector('.crop-picture')
      return { width: picture.width, height: picture.height }
    })
    assert.ok(width < height, `${width} × ${height}: the editor shows it upright`)
    await page.fill('#photo-size', '300')
    const at = await stage(page, file)
    await drag(page, at(300, 400), at(340, 330))
    const { crop } = await upload(page)
    await confirm(page)
    await assertPixels(await shown(page), file, crop, TURNED)
    // Without a square of one's own: the middle one, turned as well (the plain form).
    await context.close()
    const plain = await account('turned', { javaScriptEnabled: false })
    await putPhoto(plain.page, file)
    await assertPixels(await shown(plain.page), file, { x: 0, y: 100, side: 600 }, TURNED)
    await plain.context.close()
  })

  test('cancelled, done again, and given up on its way: the photo stays as it was', async () => {
    const { context, page, faults } = await account('cancel')
    await putPhoto(page, await portrait(browser, ADA))
    const before = await shown(page)
    const file = await quarters(browser)
    await choose(page, file)
    await page.click('#photo-cancel')
    assert.equal(await page.innerText('#photo-notice'), 'Nothing was changed.')
    assert.ok(await page.isVisible('#photo-drop'))

    await choose(page, file)
    const first = await upload(page)
    const discarded = page.waitForResponse((answer) => answer.request().method() === 'DELETE')
    await page.click('#photo-again')
    assert.equal((await discarded).status(), 200)
    assert.equal((await fetch(first.upload.preview_url)).status, 404, 'what was given up is gone')
    assert.ok(await page.isVisible('#photo-editor'), 'the same picture, to be cropped again')
    await page.focus('#photo-crop')
    await page.keyboard.press('-')
    const second = await upload(page)
    assert.equal(second.crop.side, first.crop.side - 15)
    await page.click('#photo-discard')
    assert.equal(await page.innerText('#photo-notice'), 'Nothing was changed.')

    // Given up while it is under way.
    await page.route('**/upload-profile-picture/', async (route) => {
      await page.waitForSelector('#photo-sending:not([hidden])')
      await photograph(page, 'editor-sending')
      await page.click('#photo-cancel')
      await route.abort().catch(() => {})
    })
    await choose(page, file)
    await page.click('#photo button[type=submit]')
    await page.waitForSelector('#photo-notice:not([hidden])')
    assert.ok(await page.isVisible('#photo-editor'))
    await page.unroute('**/upload-profile-picture/')
    // The server is not there: said so, and once it is back the same picture goes up.
    await page.route('**/upload-profile-picture/', (route) => route.abort())
    await page.click('#photo button[type=submit]')
    await page.waitForSelector('#photo-problem:not([hidden])')
    assert.match(await page.innerText('#photo-problem'), /did not arrive/)
    await page.unroute('**/upload-profile-picture/')
    await page.reload()
    assert.equal(await shown(page), before)
    assert.deepEqual(faults.filter((fault) => !/ERR_FAILED/.test(fault)), [])
    await context.close()
  })

  test('on a slow line the progress is told', async () => {
    const { context, page } = await account('slow')
    const encoded = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(500, 500)
      const noise = new ImageData(500, 500)
      for (let at = 0; at < noise.data.length; at += 65_536) crypto.getRandomValues(noise.data.subarray(at, at + 65_536))
      canvas.getContext('2d').putImageData(noise, 0, 0)
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    })
    await choose(page, { name: 'noise.png', mimeType: 'image/png', buffer: Buffer.from(encoded, 'base64') })
    const line = await context.newCDPSession(page)
    await line.send('Network.enable')
    await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 })
    await page.evaluate(() => {
      globalThis.told = []
      const said = document.getElementById('photo-progress-said')
      const note = () => told.push([document.getElementById('photo-progress').getAttribute('value'), said.textContent])
      new MutationObserver(note).observe(said, { childList: true, characterData: true, subtree: true })
    })
    await upload(page)
    const told = await page.evaluate(() => globalThis.told)
    const parts = told.map(([value]) => value).filter((value) => value !== null).map(Number)
    assert.ok(parts.some((part) => part > 0.05 && part < 0.95), JSON.stringify(told))
    assert.deepEqual(parts, [...parts].sort((a, b) => a - b), 'it only grows')
    assert.ok(told.some(([, text]) => /^Uploading: [1-9]\d? %$/.test(text)), JSON.stringify(told))
    assert.equal(told.at(-1)[1], 'Making your photo…')
    await context.close()
  })

  for (const javaScriptEnabled of [true, false]) {
    test(`a photo that waits is shown when the page is loaded again; JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const name = javaScriptEnabled ? 'waiting' : 'waiting-plain'
      const editing = await account(name)
      const file = await quarters(browser)
      const crops = []
      for (let round = 0; round < 2; round++) {
        await editing.page.goto(`${visage.issuer}/account`)
        await choose(editing.page, file)
        await editing.page.fill('#photo-size', String(500 - 100 * round))
        crops.push((await upload(editing.page)).crop)
      }
      await editing.page.reload()
      await photograph(editing.page, `editor-waiting-${javaScriptEnabled ? 'on' : 'off'}`)
      await holdsUp(editing.page, 'a photo that waits', { still: false })
      // The session may be another one: the person is the same.
      const { context, page, faults } = await account(name, { javaScriptEnabled })
      assert.match(await page.innerText('#photo-waiting'), /not confirmed this photo yet/)
      assert.ok(await isInitials(page))
      await page.click('#photo-waiting [formaction]')
      await page.waitForURL(/done=photo-discarded/)
      await page.click('#photo-waiting button.primary')
      await page.waitForURL(/done=photo-updated/)
      await assertPixels(await shown(page), file, crops[0])
      assert.equal(await page.locator('#photo-waiting').count(), 0)
      if (javaScriptEnabled) {
        // What the page said of that photo is not said of the next one.
        assert.ok(await page.isVisible('.column > .flash-notice'))
        await choose(page, file)
        assert.equal(await page.isVisible('.column > .flash-notice'), false)
      }
      assert.deepEqual(faults, [])
      await context.close()
      await editing.context.close()
    })
  }

  test('dropped; two at once are one too many', async () => {
    const { context, page, faults } = await account('drop')
    const file = await quarters(browser)
    const drop = (names) => page.evaluate(({ names, encoded }) => {
      const transfer = new DataTransfer()
      const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
      for (const name of names) transfer.items.add(new File([bytes], name, { type: 'image/png' }))
      const target = document.getElementById('photo-drop')
      for (const kind of ['dragenter', 'dragover', 'drop']) {
        target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }))
      }
    }, { names, encoded: file.buffer.toString('base64') })
    await drop(['one.png', 'two.png'])
    assert.match(await page.innerText('#photo-problem'), /one photo only/)
    await drop(['one.png'])
    await page.waitForSelector('#photo-editor:not([hidden])')
    const { crop, upload: { original_filename: name } } = await upload(page)
    assert.deepEqual([name, crop], ['one.png', { x: 100, y: 0, side: 600 }])
    await confirm(page)
    await assertPixels(await shown(page), file, crop)
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('what the server refuses it says in a sentence, in the language of the page', async () => {
    const { context, page } = await account('refused', { locale: 'fr-FR' })
    await choose(page, await quarters(browser, { width: 40, height: 12 }))
    await page.click('#photo button[type=submit]')
    await page.waitForSelector('#photo-problem:not([hidden])')
    assert.match(await page.innerText('#photo-problem'), /au moins 16 pixels/)
    assert.ok(await page.isVisible('#photo-editor'), 'another try is one click away')
    await holdsUp(page, 'editor with a problem', { still: false })
    // What this browser cannot read goes as the plain form, and the server says what it is.
    await page.reload()
    await page.setInputFiles('#photo-file', { name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') })
    await page.waitForSelector('#photo[data-state=plain]')
    await page.click('#photo button[type=submit]')
    await page.waitForURL(/problem=photo-wrong-type/)
    await context.close()
  })

  for (const javaScriptEnabled of [true, false]) {
    test(`description, earlier photos, removal; JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { context, page, faults } = await account(javaScriptEnabled ? 'scripted' : 'plain', { javaScriptEnabled })
      const files = [await portrait(browser, ADA), await portrait(browser, ADA_LATER), await quarters(browser)]
      for (const [index, file] of files.entries()) {
        await page.setInputFiles('#photo-file', file)
        await page.fill('#photo-alt-new', `Photo ${index}`)
        await page.click('#photo button[type=submit]')
        if (javaScriptEnabled) await page.click('#photo-confirm')
        await page.waitForSelector(`.hello .portrait[alt="Photo ${index}"]`)
      }
      if (!javaScriptEnabled) {
        await photograph(page, 'editor-no-script')
        await assertPixels(await shown(page), files[2], { x: 100, y: 0, side: 600 })
      }
      assert.equal(await page.locator('.restore').count(), 2)
      assert.equal(await page.getAttribute('.earlier li:first-child img', 'alt'), 'Photo 1')
      const loads = (selector) => page.locator(selector).evaluate((image) => image.decode().then(() => image.naturalWidth > 0))
      assert.ok(await loads('.earlier li:first-child img'))
      const { side } = await look(browser, await shown(page), [[0.5, 0.5]])
      assert.equal(side, 512)

      await page.fill('#photo-alt-current', 'Me, in four colours')
      await page.click('#photo-alt button[type=submit]')
      await page.waitForSelector('.hello .portrait[alt="Me, in four colours"]')
      await page.click('.earlier li:last-child .restore button')
      await page.waitForURL(/done=photo-restored/)
      await page.waitForSelector('.hello .portrait[alt="Photo 0"]')
      assert.equal(await page.locator('.restore').count(), 2, 'the one that was current is among them')
      assert.equal(await page.getAttribute('.earlier li:first-child img', 'alt'), 'Me, in four colours')

      await page.click('#photo-remove button[type=submit]')
      await page.waitForSelector('#photo-remove', { state: 'detached' })
      assert.ok(await isInitials(page))
      assert.equal(await page.locator('.restore').count(), 2, 'the earlier ones stay')
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  test('an administrator took the photo away, and a person may not upload: both are told why', async () => {
    const removed = await account('removed')
    await putPhoto(removed.page, await portrait(browser, ADA))
    const list = JSON.parse(visage.command(['photos', 'list', '--json']))
    const rows = Array.isArray(list) ? list : list.photos ?? list.uploads
    const mine = rows.find((row) => JSON.stringify(row).includes('removed@example.test'))
    visage.command(['photos', 'remove', mine.id, '--reason', 'It shows <somebody> else.'])
    await removed.page.goto(`${visage.issuer}/account`)
    assert.match(await removed.page.innerText('#photo-removed'), /administrator removed your photo on .*: It shows <somebody> else\./)
    await photograph(removed.page, 'editor-removed')
    await holdsUp(removed.page, 'a removed photo')
    await putPhoto(removed.page, await portrait(browser, ADA_LATER))
    assert.equal(await removed.page.locator('#photo-removed').count(), 0, 'another photo is there')
    await removed.context.close()

    const blocked = await account('blocked')
    visage.command(['photos', 'block', 'blocked@example.test', '--reason', 'Pictures of others.'])
    // The page was open before.
    await choose(blocked.page, await quarters(browser))
    await blocked.page.click('#photo button[type=submit]')
    await blocked.page.waitForSelector('#photo-problem:not([hidden])')
    await blocked.page.reload()
    assert.match(await blocked.page.innerText('#photo-blocked'), /Pictures of others\./)
    assert.equal(await blocked.page.locator('#photo').count(), 0)
    await holdsUp(blocked.page, 'a blocked person')
    await photograph(blocked.page, 'editor-blocked')
    await blocked.context.close()
  })

  for (const { look: name, ...options } of LOOKS) {
    test(`holds up, ${name}`, async () => {
      const { context, page, faults } = await account(name, options)
      await putPhoto(page, await portrait(browser, ADA_LATER))
      await putPhoto(page, await portrait(browser, ADA))
      await photograph(page, `editor-idle-${name}`)
      await holdsUp(page, `the account page with earlier photos, ${name}`)
      await choose(page, await portrait(browser, ADA_LATER, { width: 1000, height: 700 }))
      if (options.hasTouch) await page.tap('.crop')
      await page.fill('#photo-size', '480')
      await photograph(page, `editor-crop-${name}`)
      await holdsUp(page, `the editor, ${name}`, { still: false })
      await upload(page)
      await page.locator('#photo-staged-picture').evaluate((image) => image.decode())
      await photograph(page, `editor-staged-${name}`)
      await holdsUp(page, `the confirmation, ${name}`, { still: false })
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  test('speaks French', async () => {
    const { context, page } = await account('french', { locale: 'fr-FR', viewport: { width: 390, height: 844 } })
    await choose(page, await portrait(browser, ADA))
    await page.waitForFunction(() => /pixels de large/.test(document.getElementById('photo-crop-said').textContent))
    await photograph(page, 'editor-crop-french')
    await upload(page)
    await photograph(page, 'editor-staged-french')
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0)
    await context.close()
  })
})
