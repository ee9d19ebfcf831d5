"use strict";
// Rectangles over a picture: an SVG whose units are the picture's pixels.
const SVG = "http://www.w3.org/2000/svg";
const clamp = (value, most) => Math.max(0, Math.min(value, most));

function addElement(kind, attributes, parent) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

// How many pixels of the picture one of the screen is.
const pixelsOf = (svg) => 1 / (svg.getScreenCTM()?.a || 1);

// Where an event is in the picture.
function placeOn(svg, event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [clamp(point.x, svg.viewBox.baseVal.width), clamp(point.y, svg.viewBox.baseVal.height)];
}

// The box between two places, whichever comes first: left, top, width, height.
const boxBetween = ([x, y], [left, top]) => [Math.min(x, left), Math.min(y, top), Math.abs(x - left), Math.abs(y - top)];

function placeRectangle(rectangle, box) {
  ["x", "y", "width", "height"].forEach((name, side) => rectangle.setAttribute(name, box[side]));
}
