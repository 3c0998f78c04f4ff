export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Returns where the whole picture lies so that it covers `slot` without distortion, centred, faces kept towards the top. */
export function coverCrop(picture: { width: number; height: number }, slot: Box): Box {
  const scale = Math.max(slot.width / picture.width, slot.height / picture.height)
  const width = picture.width * scale
  const height = picture.height * scale
  return { x: slot.x - (width - slot.width) / 2, y: slot.y - (height - slot.height) / 3, width, height }
}
