import type { DayCount } from '../../overview/overviewTable.ts'

/** One bar of a plot: its label, its value as text, and its parts from left to right, 0..1 of the plot's width. */
export interface Bar {
  label: string
  text: string
  parts: { from: number; width: number; kind: string }[]
}

/** Horizontal bars, each divided into `parts`; all on one scale. */
export function barsOf(rows: readonly { label: string; text: string; parts: readonly { value: number; kind: string }[] }[]): Bar[] {
  const longest = Math.max(1, ...rows.map(row => row.parts.reduce((sum, part) => sum + part.value, 0)))
  return rows.map(row => {
    let from = 0
    const parts = row.parts.map(part => {
      const width = part.value / longest
      const placed = { from, width, kind: part.kind }
      from += width
      return placed
    })
    return { label: row.label, text: row.text, parts }
  })
}

export interface DayPlot {
  width: number
  height: number
  /** Where the columns begin; the scale stands left of it. */
  axis: number
  top: number
  columns: {
    x: number
    width: number
    y: number
    height: number
    endedY: number
    endedHeight: number
    day: string
    issued: number
    ended: number
  }[]
  gridlines: { y: number; value: number }[]
  labels: { x: number; day: string }[]
}

const [plotWidth, plotHeight, axis, right, bottom] = [640, 190, 60, 24, 22]

/** Columns of cards issued and ended a day, with a scale whose steps are 1, 2 or 5 times a power of ten. */
export function dayPlotOf(days: readonly DayCount[]): DayPlot {
  const most = Math.max(4, ...days.map(day => day.issued + day.ended))
  const power = 10 ** Math.floor(Math.log10(most / 4))
  const step = Math.max(1, [1, 2, 5, 10].map(factor => factor * power).find(size => most / size <= 5) ?? power * 10)
  const top = Math.ceil(most / step) * step
  const height = plotHeight - bottom - 10
  const y = (value: number) => 10 + height - (value / top) * height
  const span = (plotWidth - axis - right) / Math.max(1, days.length)
  const width = Math.max(2, span * 0.72)
  return {
    width: plotWidth,
    height: plotHeight,
    axis,
    top,
    columns: days.map((day, at) => ({
      x: axis + at * span + (span - width) / 2,
      width,
      y: y(day.issued),
      height: y(0) - y(day.issued),
      endedY: y(day.issued + day.ended),
      endedHeight: y(day.issued) - y(day.issued + day.ended),
      ...day,
    })),
    gridlines: Array.from({ length: Math.round(top / step) + 1 }, (_, at) => ({ y: y(at * step), value: at * step })),
    labels: days.flatMap((day, at) => (at % 7 === (days.length - 1) % 7 ? [{ x: axis + at * span + span / 2, day: day.day }] : [])),
  }
}
