// Pictures whose every place can be told by its colour, and what a stored picture really shows.

export const COLOURS = { red: [220, 30, 40], green: [30, 160, 60], blue: [40, 70, 220], yellow: [240, 210, 40] }

/** A picture of four quarters: north-west red, north-east green, south-west blue, south-east yellow. */
export async function quarters(browser, { width = 800, height = 600, type = 'png' } = {}) {
  const page = await browser.newPage({ viewport: { width, height } })
  const css = (name) => `rgb(${COLOURS[name].join(',')})`
  await page.setContent(`<body style="margin:0;display:grid;grid-template:50% 50%/50% 50%;width:${width}px;height:${height}px">
    ${['red', 'green', 'blue', 'yellow'].map((name) => `<i style="background:${css(name)}"></i>`).join('')}`)
  const buffer = await page.screenshot(type === 'jpeg' ? { type, quality: 95 } : { type })
  await page.close()
  return { name: `quarters.${type}`, mimeType: `image/${type}`, buffer, width, height }
}

/** The same JPEG as a telephone held on its side would store it: to be turned a quarter clockwise to stand upright. */
export function turned({ buffer, width, height }) {
  const exif = Buffer.from([
    0xff, 0xe1, 0, 34, ...Buffer.from('Exif\0\0'), ...Buffer.from('MM'), 0, 42, 0, 0, 0, 8,
    0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
  ])
  const bytes = Buffer.concat([buffer.subarray(0, 2), exif, buffer.subarray(2)])
  return { name: 'turned.jpg', mimeType: 'image/jpeg', buffer: bytes, width: height, height: width }
}

/** The colour that the upright picture has there. `order`: of its quarters, north-west first. */
export function colourAt({ width, height }, x, y, order = ['red', 'green', 'blue', 'yellow']) {
  return order[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)]
}
export const TURNED = ['blue', 'red', 'yellow', 'green']

/** The size of a stored picture and the colours at these places (0 to 1) of it, by name. */
export async function look(browser, address, places) {
  const answer = await fetch(address)
  if (answer.status !== 200) throw new Error(`${address}: ${answer.status}`)
  const encoded = Buffer.from(await answer.arrayBuffer()).toString('base64')
  const page = await browser.newPage()
  const { side, pixels } = await page.evaluate(async ({ encoded, places }) => {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }))
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    const context = canvas.getContext('2d')
    context.drawImage(bitmap, 0, 0)
    const at = ([x, y]) => [...context.getImageData(Math.floor(x * bitmap.width), Math.floor(y * bitmap.height), 1, 1).data].slice(0, 3)
    return { side: bitmap.width, pixels: places.map(at) }
  }, { encoded, places })
  await page.close()
  return { side, colours: pixels.map(named) }
}

function named(pixel) {
  const distance = (colour) => Math.hypot(...colour.map((value, index) => value - pixel[index]))
  const [name, colour] = Object.entries(COLOURS).sort(([, a], [, b]) => distance(a) - distance(b))[0]
  return distance(colour) < 40 ? name : `rgb(${pixel})`
}
