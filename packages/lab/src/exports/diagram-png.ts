/** What was drawn last, in the canvas's own resolution. @throws Error when the browser makes no PNG of it */
export function diagramPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null)
        reject(new Error('The browser made no picture of the canvas: it is empty or too large.'))
      else resolve(blob)
    }, 'image/png')
  })
}
