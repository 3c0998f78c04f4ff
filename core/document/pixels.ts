/** Pixels as a canvas gives them: four bytes a pixel, row by row. */
export interface Pixels {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
}
