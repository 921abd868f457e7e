module mobivate

go 1.19
