/*
 * What dist/viewer/report.js exports for Node.js: static reports, and the text of data inside a page.
 */

export { embeddedText } from '../embedded.js';
export { ReportPage } from './page.js';
