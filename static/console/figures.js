// Numbers and sizes as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export const number = new Intl.NumberFormat("en");

export function bytes(size) {
  if (!size) return "–";
  const power = Math.min(Math.floor(Math.log10(size) / 3), UNITS.length - 1);
  return `${(size / 1000 ** power).toFixed(power ? 1 : 0)} ${UNITS[power]}`;
}
