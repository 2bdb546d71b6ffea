// What a frame that covers something says, and what in it would close it.
return { text: clean(body.innerText, TEXT), closers: closersIn(body, '') };
