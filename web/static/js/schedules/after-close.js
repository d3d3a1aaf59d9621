// A time after a close, as the API takes it: HH:MM.

const two = (number) => String(number).padStart(2, "0");

/** @type {(minutes: number) => string} */
export const afterClose = (minutes) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
