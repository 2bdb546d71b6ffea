// What a frame that covers something says, and what in it would close it.
return { text: clean(document.body.innerText, TEXT), closers: closersIn(document.body, '') };
