import type { Decoder } from './decoder.ts'

export type CameraFault = 'insecure' | 'denied' | 'none'

export interface Camera {
  stop(): void
  /** Switches the light; undefined where there is none. */
  readonly torch: ((on: boolean) => Promise<void>) | undefined
}

/**
 * Shows the rear camera in `video` and hands every frame to the decoder until `onTexts` answers true. `onSeen` is called while a
 * code is in sight that cannot be read yet. Answers why not when there is no camera to use.
 */
export async function startCamera(deps: {
  video: HTMLVideoElement
  decoder: Decoder
  onTexts: (texts: readonly string[]) => boolean
  onSeen: (seen: boolean) => void
  onFault: (error: Error) => void
}): Promise<Camera | CameraFault> {
  if (!window.isSecureContext) return 'insecure'
  if (!navigator.mediaDevices?.getUserMedia) return 'none'
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 960 } },
    })
  } catch (error) {
    return (error as Error).name === 'NotAllowedError' ? 'denied' : 'none'
  }
  const { video } = deps
  video.srcObject = stream
  video.muted = true
  video.setAttribute('playsinline', '')
  await video.play().catch(() => undefined)
  let stopped = false
  const stop = () => {
    stopped = true
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
  void readFrames()
  return { stop, torch: torchOf(stream) }

  async function readFrames() {
    const canvas = document.createElement('canvas')
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    while (!stopped) {
      await nextFrame(video)
      if (stopped || video.videoWidth === 0) continue
      canvas.width = video.videoWidth
      canvas.height = video.videoHeight
      context.drawImage(video, 0, 0)
      try {
        const { texts, seen } = await deps.decoder.read(context.getImageData(0, 0, canvas.width, canvas.height), 'frame')
        if (stopped) return
        if (texts.length === 0) deps.onSeen(seen)
        else if (deps.onTexts(texts)) return stop()
      } catch (error) {
        if (!stopped) deps.onFault(error as Error)
        return stop()
      }
    }
  }
}

function nextFrame(video: HTMLVideoElement): Promise<unknown> {
  return 'requestVideoFrameCallback' in video
    ? Promise.race([new Promise(resolve => video.requestVideoFrameCallback(resolve)), pause(250)])
    : pause(60)
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

function torchOf(stream: MediaStream): Camera['torch'] {
  const track = stream.getVideoTracks()[0]
  const able = (track?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch
  return able ? on => track!.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] }) : undefined
}
